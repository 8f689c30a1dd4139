"""`make bench`. Nothing here decides a test: a machine is slow for many reasons.

`make bench ARGS="--history PATH"` also asks about every version of AWS's managed policies (`history.py` says where they
are found).
"""

import argparse
import sys

import analysis
import emit
import escalations
import history
import reading
import shapes

parser = argparse.ArgumentParser(add_help=False)
parser.add_argument("--history", metavar="PATH")
given, others = parser.parse_known_args()
sys.argv[1:] = others
emit.main()
analysis.main()
shapes.report()
escalations.main()
reading.main()
history.main(given.history)

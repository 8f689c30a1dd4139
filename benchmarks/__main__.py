"""`make bench`. Nothing here decides a test: a machine is slow for many reasons."""

import analysis
import emit
import escalations

escalations.main()
emit.main()
analysis.main()

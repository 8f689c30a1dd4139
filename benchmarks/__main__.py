"""`make bench`. Nothing here decides a test: a machine is slow for many reasons."""

import analysis
import emit

emit.main()
analysis.main()

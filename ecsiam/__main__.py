"""`python -I -m ecsiam`."""

from ecsiam.cli import main

main()

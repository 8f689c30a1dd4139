from ecsiam.cli import main

main()

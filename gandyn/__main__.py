"""`python -m gandyn` is `gandyn`."""

import sys

from gandyn.cli import main

if __name__ == "__main__":
    sys.exit(main())

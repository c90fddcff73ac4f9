"""smbot run, as a pywikibot script: python scripts/run.py, or pwb scripts/run. See --help."""

import sys

from smbot.cli import main

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))

"""smbot collect, as a pywikibot script: python scripts/collect.py, or pwb scripts/collect. See --help."""

import sys

from smbot.cli import main

if __name__ == "__main__":
    sys.exit(main(["collect", *sys.argv[1:]]))

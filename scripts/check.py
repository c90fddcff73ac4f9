"""smbot check, as a pywikibot script: python scripts/check.py, or pwb scripts/check. See --help."""

import sys

from smbot.cli import main

if __name__ == "__main__":
    sys.exit(main(["check", *sys.argv[1:]]))

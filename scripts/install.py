"""smbot install, as a pywikibot script: python scripts/install.py, or pwb scripts/install. See --help."""

import sys

from smbot.cli import main

if __name__ == "__main__":
    sys.exit(main(["install", *sys.argv[1:]]))

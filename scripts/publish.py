"""smbot publish, as a pywikibot script: python scripts/publish.py, or pwb scripts/publish. See --help."""

import sys

from smbot.cli import main

if __name__ == "__main__":
    sys.exit(main(["publish", *sys.argv[1:]]))

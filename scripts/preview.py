"""smbot preview, as a pywikibot script: python scripts/preview.py, or pwb scripts/preview. See --help."""

import sys

from smbot.cli import main

if __name__ == "__main__":
    sys.exit(main(["preview", *sys.argv[1:]]))

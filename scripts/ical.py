"""smbot calendar, as a pywikibot script: python scripts/ical.py, or pwb scripts/ical. See --help.

A script called calendar.py would stand before Python's own module of that name, for every script beside it.
"""

import sys

from smbot.cli import main

if __name__ == "__main__":
    sys.exit(main(["calendar", *sys.argv[1:]]))

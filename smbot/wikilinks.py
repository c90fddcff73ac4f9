"""Where the links of a wiki lead.

https://www.mediawiki.org/wiki/Help:Links has the forms; what a wiki's own prefixes stand for is in its `Site`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from smbot.model import Site

_UNENCODED = ";@$!*(),/~:"  # what wfUrlencode() of MediaWiki leaves as it is


def without_my_language(title: str) -> str:
    """A page title without `Special:MyLanguage/`, which sends the reader of a wiki to the page in their language."""
    return re.sub(r"^[\s:]*Special:MyLanguage/", "", title, flags=re.I).strip(": ")


def _encoded(name: str) -> str:
    return quote(re.sub(r"[\s_]+", "_", name).strip("_"), safe=_UNENCODED, errors="replace")


def address(target: str, site: Site) -> str:
    """Where `[[target]]` on a page of `site` leads, interwiki prefix and anchor included.

    '' where the page it stands on would have to be known (`#anchor`, `/subpage`). `Special:MyLanguage/` is left out: it
    asks for the language of a wiki's reader, whom a post does not know. Anchors are percent-encoded like titles, so
    that no network ends the link early; browsers decode them before they look.
    """
    title, hash_, anchor = target.partition("#")
    title = title.strip(": ")
    prefix, colon, rest = title.partition(":")
    interwiki = site.interwiki.get(prefix.strip().lower(), "") if colon else ""
    if not title or (not interwiki and title.startswith(("/", "../"))):
        return ""
    title = without_my_language(rest if interwiki else title)
    url = (interwiki or site.article).replace("$1", _encoded(title))
    url = "https:" + url if url.startswith("//") else url
    return f"{url}#{_encoded(anchor)}" if hash_ and anchor.strip() else url


_HOSTS = {
    "en.wikipedia": "w wikipedia",
    "en.wiktionary": "wikt",
    "en.wikinews": "n",
    "en.wikibooks": "b",
    "en.wikiquote": "q",
    "en.wikisource": "s",
    "en.wikiversity": "v",
    "en.wikivoyage": "voy",
    "commons.wikimedia": "c commons",
    "meta.wikimedia": "m meta",
    "species.wikimedia": "species wikispecies",
    "foundation.wikimedia": "foundation",
    "incubator.wikimedia": "incubator",
    "outreach.wikimedia": "outreach",
    "wikitech.wikimedia": "wikitech",
    "www.mediawiki": "mw mediawikiwiki",
    "www.wikidata": "d wikidata",
    "www.wikifunctions": "f",
}
_INTERWIKI = {prefix: f"https://{host}.org/wiki/$1" for host, names in _HOSTS.items() for prefix in names.split()}
_INTERWIKI |= {
    "phab": "https://phabricator.wikimedia.org/$1",
    "gerrit": "https://gerrit.wikimedia.org/r/$1",
    "toolforge": "https://iw.toolforge.org/$1",
}

WIKIMEDIA: Mapping[str, Site] = {
    "mediawiki:mediawiki": Site("https://www.mediawiki.org/wiki/$1", _INTERWIKI),
    "meta:meta": Site("https://meta.wikimedia.org/wiki/$1", _INTERWIKI),
}
"""Two wikis by their pywikibot names, for reading their pages from a file; a wiki that is online says this itself."""

"""How X reads words: how long they are, whether they hold a link, and what it made of those it keeps.

- counting: https://docs.x.com/fundamentals/counting-characters, by the reference rules themselves
  (https://github.com/twitter/twitter-text, config v3): Latin letters weigh 1 and most others 2, so do Vietnamese
  letters with two marks and any emoji, and a link weighs 23, however long it is
- links and escapes in what is read back: https://docs.x.com/x-api/fundamentals/data-dictionary

The library knows the top-level domains of 2023 and the emoji of 2021. A newer emoji made of several is counted as
several, which is on the safe side. A bare domain under a newer top-level domain counts as its letters: where X counts
more, it says that the post is too long, and nothing is posted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

PER_URL = 23
# What the library is asked about, as its time grows with the square of them: code points, and dots between two slashes.
LONGEST, DOTS = 3000, 20
WORDS, WITH_LINK = 15, 200  # mills: https://docs.x.com/x-api/getting-started/pricing


def weighted_length(words: str) -> int:
    """The weight of words, of which 280 fit. Never too low by an error: what cannot be read counts as the most."""
    if _is_easy(words):
        try:
            from twitter_text import parse_tweet  # type: ignore[import-untyped]

            return int(parse_tweet(words).weightedLength)
        except Exception:  # noqa: BLE001, S110 - such as half a character; a count is owed to the editor all the same
            pass
    return 2 * len(unicodedata.normalize("NFC", words)) + PER_URL * words.count(".")


def mills(words: str) -> int:
    """What posting them costs, in thousandths of a US dollar. A bare domain is a link, and dear like one."""
    return WITH_LINK if _has_link(words) else WORDS


def _has_link(words: str) -> bool:
    if "://" in words or not _is_easy(words):
        return True
    try:
        from twitter_text import extract_urls

        return bool(extract_urls(words))
    except Exception:  # noqa: BLE001 - rather a budget that is reserved and not used
        return True


def _is_easy(words: str) -> bool:
    return len(words) <= LONGEST and all(run.count(".") <= DOTS for run in re.split(r"[\s/]", words))


def as_sent(post: Mapping[str, Any]) -> str:
    """The words of a post, as the API shows it, with its short links, escapes and picture addresses undone.

    Needs the fields id, text and entities. Raises LookupError, TypeError or AttributeError on another shape.
    """
    meant = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
    for url in (post.get("entities") or {}).get("urls") or ():
        own = re.search(rf"/status/{re.escape(post['id'])}/(photo|video)/\d+$", url["expanded_url"])
        meant[url["url"]] = "" if own or url.get("media_key") else url["expanded_url"]
    return re.sub("|".join(map(re.escape, meant)), lambda found: meant[found[0]], post["text"])


def comparable(words: str) -> str:
    """Words in a form that is the same before and after X had them.

    X composes letters, joins blank lines, writes http:// before a bare domain, and may write an address in percents.
    """
    bare = re.sub(r"https?://", "", unquote(words), flags=re.IGNORECASE)
    return " ".join(unicodedata.normalize("NFC", bare).split())

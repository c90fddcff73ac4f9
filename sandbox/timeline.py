"""What the stand-in Mastodon shows: its counting of words, the HTML of a post, and a page people can look at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import regex

_TOKEN = re.compile(r"https?://[^\s<>]+|(?<![\w/=])@\w+(?:[.-]+\w+)*(?:@[\w.-]*\w)?|(?<![\w&/])#\w+", re.IGNORECASE)
_PAIRS = {")": "("}


def tokens(words: str) -> Iterable[tuple[str, str]]:
    """The words in pieces: ('link' | 'mention' | 'tag' | 'plain', piece)."""
    at = 0
    for found in _TOKEN.finditer(words):
        kind = {"h": "link", "@": "mention", "#": "tag"}[found[0][0].lower()]
        piece = _without_tail(found[0]) if kind == "link" else found[0]
        if kind == "link" and not re.match(r"https?://[^/:?]+\.[^\W\d]", piece, re.IGNORECASE):
            continue
        yield "plain", words[at : found.start()]
        yield kind, piece
        at = found.start() + len(piece)
    yield "plain", words[at:]


def _without_tail(url: str) -> str:
    """A link without the punctuation of the sentence around it."""
    while url:
        last = url[-1]
        unbalanced = last in _PAIRS and url.count(last) > url.count(_PAIRS[last])
        if not (unbalanced or last in "?!*\"'「」;:,.$%[]~&|@"):
            break
        url = url[:-1]
    return url


def length(words: str, per_url: int = 23) -> int:
    """How many characters the words count as: https://docs.joinmastodon.org/user/posting/#text."""

    def short(kind: str, piece: str) -> str:
        if kind == "link":
            return "x" * per_url
        return piece.rpartition("@")[0] or piece if kind == "mention" else piece

    counted = "".join(short(kind, piece) for kind, piece in tokens(words))
    return len(regex.findall(r"\X", counted))


def content(words: str, base: str) -> str:
    """The words as Mastodon's HTML: paragraphs, line breaks, links that open elsewhere."""
    if not words:
        return ""
    markup = "".join(_markup(kind, piece, base) for kind, piece in tokens(words.replace("\r\n", "\n")))
    paragraphs = re.split(r"\n{2,}", markup)
    return "".join(f"<p>{paragraph.replace(chr(10), '<br />')}</p>" for paragraph in paragraphs)


def _markup(kind: str, piece: str, base: str) -> str:
    shown = escape(piece)
    if kind == "link":
        label = escape(re.sub(r"^https?://(www\.)?", "", piece, flags=re.IGNORECASE))
        return f'<a href="{shown}" target="_blank" rel="nofollow noopener">{label}</a>'
    if kind == "tag":
        return f'<a href="{base}/tags/{escape(piece[1:])}" class="mention hashtag" rel="tag">{shown}</a>'
    return shown


_STYLE = """
:root { color-scheme: light dark; --ink: #1d1d26; --soft: #626270; --paper: #fff; --ground: #eef0f4; --line: #dcdfe6;
  --link: #4d45c4; }
@media (prefers-color-scheme: dark) { :root { --ink: #f1f1f6; --soft: #a5a5b5; --paper: #20212c; --ground: #15161d;
  --line: #343545; --link: #aeb2ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 38rem; margin: 0 auto; padding: 1rem; }
header h1 { margin: 0; font-size: 1.25rem; }
header nav a { margin-inline-end: .75rem; }
article { background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem;
  margin: 0 0 1rem; overflow-wrap: anywhere; }
article p { margin: .5rem 0; }
.by { display: flex; flex-wrap: wrap; gap: .25rem .6rem; align-items: baseline; }
.by a { color: inherit; text-decoration: none; }
.by .handle, time, .counts, footer, .empty, .boost { color: var(--soft); font-size: .875rem; }
a { color: var(--link); }
figure { margin: .75rem 0 0; }
img { max-width: 100%; height: auto; border-radius: .5rem; border: 1px solid var(--line); display: block; }
figcaption { font-size: .875rem; color: var(--soft); margin-top: .25rem; }
figcaption b { font-size: .7rem; border: 1px solid; border-radius: .25rem; padding: 0 .25rem; }
"""


def page(statuses: Iterable[Mapping[str, Any]], accounts: Iterable[str], title: str) -> str:
    """A timeline, newest first, for a browser of any width."""
    shown = "\n".join(_article(status) for status in statuses) or '<p class="empty">Nothing has been posted yet.</p>'
    links = "".join(f'<a href="/@{escape(name)}">@{escape(name)}</a>' for name in accounts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1>{escape(title)}</h1><nav><a href="/">All posts</a>{links}</nav></header>\n'
        f"<main>\n{shown}\n</main>\n"
        "<footer>A stand-in for Mastodon on this machine. Nothing here is public.</footer>\n</body>\n</html>\n"
    )


def _article(status: Mapping[str, Any]) -> str:
    boost = ""
    if status["reblog"]:
        boost = f'<p class="boost">Boosted by @{escape(status["account"]["acct"])}</p>'
        status = status["reblog"]
    account, when = status["account"], status["created_at"]
    figures = "".join(_figure(picture) for picture in status["media_attachments"])
    words = f'<div lang="{escape(status["language"] or "")}" dir="auto">{status["content"].replace("<p>", _AUTO)}</div>'
    shown = f"{words}{figures}"
    if status["spoiler_text"]:
        shown = f'<details><summary dir="auto">{escape(status["spoiler_text"])}</summary>{shown}</details>'
    return (
        f'<article id="{escape(status["id"])}">{boost}'
        f'<div class="by"><a href="/@{escape(account["username"])}"><strong>{escape(account["display_name"])}</strong> '
        f'<span class="handle">@{escape(account["acct"])}</span></a>'
        f'<a href="{escape(status["url"])}"><time datetime="{escape(when)}">{escape(when[:16].replace("T", " "))} UTC'
        f"</time></a></div>"
        f'{shown}<p class="counts">Boosts: {status["reblogs_count"]} · Favourites: {status["favourites_count"]}'
        f"{' · edited' if status['edited_at'] else ''}</p></article>"
    )


_AUTO = '<p dir="auto">'


def _figure(picture: Mapping[str, Any]) -> str:
    alt = escape(picture["description"] or "")
    shown = f"<b>ALT</b> {alt}" if alt else "without an alternative text"
    return (
        f'<figure><img src="{escape(picture["url"] or "")}" alt="{alt}">'
        f'<figcaption dir="auto">{shown}</figcaption></figure>'
    )

"""A page that shows records of Bluesky as a person would see them: facets, pictures with their ALT, cards, replies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from sandbox.standin import Json

STYLE = """
:root { color-scheme: light dark; --soft: light-dark(#42576c, #abb8c9); --line: light-dark(#d4dbe2, #2e4052);
  --link: light-dark(#006aff, #4c94ff); }
body { margin: 0 auto; max-width: 38rem; padding: 1rem; background: light-dark(#fff, #151d28); overflow-wrap: anywhere;
  color: light-dark(#0b0f14, #fff); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.25rem; }
a { color: var(--link); text-decoration: none; }
nav a { margin-inline-end: .75rem; }
article { border-top: 1px solid var(--line); padding: 1rem 0; }
article p { margin: .25rem 0; white-space: pre-wrap; }
.soft, footer { color: var(--soft); font-size: .875rem; }
figure { margin: .5rem 0 0; }
img { display: block; max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: .75rem; }
.card { display: block; margin-top: .5rem; padding: .75rem; border: 1px solid var(--line); border-radius: .75rem; }
"""


@dataclass(frozen=True)
class Shown:
    """A record and whose it is."""

    handle: str
    did: str
    uri: str
    value: Json


def page(posts: Iterable[Shown], handles: Iterable[str], title: str) -> str:
    """Posts, in the order given, for a browser of any width."""
    articles = "\n".join(_article(post) for post in posts) or '<p class="soft">Nothing has been posted yet.</p>'
    links = "".join(f'<a href="/profile/{escape(handle)}">@{escape(handle)}</a>' for handle in handles)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1>{escape(title)}</h1><nav><a href="/">All posts</a>{links}</nav></header>\n'
        f"<main>\n{articles}\n</main>\n"
        "<footer>A Bluesky server of its own on this machine. Nothing here is public.</footer>\n</body>\n</html>\n"
    )


def marked_up(value: Json) -> str:
    """The words of a post with its facets as links, cut where their bytes say."""
    words, at, pieces = value["text"].encode(), 0, []
    for facet in sorted(value.get("facets") or [], key=lambda facet: facet["index"]["byteStart"]):
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        feature = facet["features"][0]
        href = feature.get("uri") or (f"/profile/{feature['did']}" if "did" in feature else "/")
        pieces += [_text(words[at:start]), f'<a href="{escape(href)}">{_text(words[start:end])}</a>']
        at = end
    return "".join([*pieces, _text(words[at:])])


def _text(piece: bytes) -> str:
    return escape(piece.decode(errors="replace"))


def _article(post: Shown) -> str:
    value, rkey = post.value, post.uri.rpartition("/")[2]
    when = escape(value["createdAt"][:16].replace("T", " "))
    parent = value.get("reply", {}).get("parent", {}).get("uri", "")
    answers = f' · <a href="#{escape(parent.rpartition("/")[2])}">answers the post before</a>' if parent else ""
    return (
        f'<article id="{escape(rkey)}"><div><strong>@{escape(post.handle)}</strong> '
        f'<a class="soft" href="/profile/{escape(post.did)}/post/{escape(rkey)}">{when} UTC</a>'
        f'<span class="soft">{answers}</span></div>'
        f'<p lang="{escape((value.get("langs") or [""])[0])}" dir="auto">{marked_up(value)}</p>'
        f"{_embed(value.get('embed') or {}, post.did)}</article>"
    )


def _embed(embed: Json, did: str) -> str:
    def picture(blob: Json, alt: str) -> str:
        return f'<img src="/blob/{escape(did)}/{escape(blob["ref"]["$link"])}" alt="{escape(alt)}">'

    figures = "".join(
        f'<figure>{picture(image["image"], image["alt"])}<figcaption class="soft" dir="auto">ALT {escape(image["alt"])}'
        "</figcaption></figure>"
        for image in embed.get("images", [])
    )
    card = embed.get("external")
    if not card:
        return figures
    thumb = picture(card["thumb"], "") if "thumb" in card else ""
    return (
        f'<a class="card" href="{escape(card["uri"])}" dir="auto">{thumb}<strong>{escape(card["title"])}</strong><br>'
        f'<span class="soft">{escape(card["description"])}</span></a>'
    )

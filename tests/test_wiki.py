"""The wiki door on a real MediaWiki: what it reads, what it saves, what it raises, and what that costs."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from msgspec.structs import replace
from PIL import Image

from sandbox.people import Person, RefusedError
from sandbox.standin import Answered, Handler, StandIn
from sandbox.wiki import SandboxWiki
from smbot.errors import Conflict, Rejected, WikiError
from smbot.model import File, Page
from smbot.templates import kept
from smbot.wiki import Wiki
from tests.killed import form_of
from tests.test_story import picture
from tests.world import World


@pytest.fixture
def title() -> str:
    """The title of a page that is not there."""
    return f"Project:{secrets.token_hex(4)} page"


@pytest.fixture
def door(site: object) -> Wiki:
    """The door as a new process would have it."""
    return Wiki()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """pywikibot does not wait between its tries."""
    import pywikibot

    monkeypatch.setattr(pywikibot.config, "retry_wait", 0)


@contextlib.contextmanager
def counted() -> Iterator[list[requests.Response]]:
    """All that is asked of wikis as long as the block lasts."""
    from pywikibot.comms import http

    answers: list[requests.Response] = []

    def count(answer: requests.Response, *_: Any, **__: Any) -> None:
        answers.append(answer)

    http.session.hooks["response"].append(count)
    try:
        yield answers
    finally:
        http.session.hooks["response"].remove(count)


# --- reading --------------------------------------------------------------------------------------------------------


def test_a_page_is_read_with_all_that_matters(door: Wiki, alice: Person, admin: Person, title: str) -> None:
    admin.edit(title, "one")
    admin.protect(title, "autoconfirmed")
    parent = admin.revision_id(title)
    second = alice.edit(title, "two")["newrevid"]
    page = door.read([title])[title]
    assert (page.title, page.text, page.user, page.protection) == (title, "two", "Alice", "autoconfirmed")
    assert (page.revision, page.parent) == (second, parent)
    assert page.url.endswith(f"oldid={page.revision}")
    assert page.timestamp is not None
    assert page.timestamp.tzinfo is not None
    assert requests.get(page.url, timeout=10).ok


def test_many_pages_cost_one_request(door: Wiki, admin: Person, title: str) -> None:
    admin.edit(title, "here")
    titles = [f"{title}/{i}" for i in range(49)]
    door.read(["Main Page"])  # pywikibot asks once what the wiki is like
    with counted() as asked:
        pages = door.read([title, *titles])
    assert len(asked) == 1
    assert [page.title for page in pages.values() if page.exists] == [title]
    with counted() as asked:
        door.read([f"{title}/{i}" for i in range(120)])
    assert len(asked) == 3  # the 49 that were not there, and twice 50 of the others


def test_reading_again_what_did_not_change_costs_one_small_request(door: Wiki, admin: Person, title: str) -> None:
    admin.edit(title, "long words " * 10_000)
    before = door.read([title])[title]
    with counted() as asked:
        again = door.read([title])[title]
    assert again == before
    assert len(asked) == 1
    assert len(asked[0].content) < 2_000


def test_reading_again_sees_every_change(door: Wiki, admin: Person, title: str) -> None:
    assert not door.read([title])[title].exists
    admin.edit(title, "one")
    assert door.read([title])[title].text == "one"
    admin.edit(title, "two")
    assert door.read([title])[title].text == "two"
    admin.protect(title)
    assert door.read([title])[title].protection == "sysop"
    admin.protect(title, "all")
    assert door.read([title])[title].protection == ""
    admin.delete(title)
    gone = door.read([title])[title]
    assert not gone.exists
    assert gone.text == ""
    admin.edit(title, "three")
    assert door.read([title])[title].text == "three"


@pytest.mark.parametrize("change", [str.lower, lambda t: t.replace(" ", "_"), lambda t: t.replace(" ", "  ")])
def test_a_page_is_found_under_the_title_it_was_asked_by(door: Wiki, admin: Person, title: str, change: Any) -> None:
    admin.edit(title, "here")
    asked = change(title)
    assert door.read([asked])[asked].text == "here"
    assert door.read([asked, title])[title].text == "here"


@pytest.mark.parametrize("asked", ["", "{{x}}", "<b>", "Talk:", "a|b", "Special:Version", "w:Foo", "A" * 300])
def test_what_is_no_title_is_a_page_that_does_not_exist_or_a_wiki_error(door: Wiki, title: str, asked: str) -> None:
    with contextlib.suppress(WikiError):
        assert not door.read([asked])[asked].exists


def test_a_redirect_is_read_as_it_stands(door: Wiki, admin: Person, title: str) -> None:
    admin.edit(title, "here")
    admin.move(title, f"{title} 2")
    assert door.read([title])[title].text.startswith("#REDIRECT")


# --- history --------------------------------------------------------------------------------------------------------


def test_a_history_is_all_since_a_revision_oldest_first(door: Wiki, alice: Person, bob: Person, title: str) -> None:
    ids = [who.edit(title, f"text {i}")["newrevid"] for i, who in enumerate((alice, bob, alice, bob))]
    page = door.read([title])[title]
    assert [p.revision for p in door.history(page, 0)] == ids
    assert [p.revision for p in door.history(page, ids[0])] == ids[1:]
    assert [(p.user, p.text) for p in door.history(page, ids[1])] == [("Alice", "text 2"), ("Bob", "text 3")]
    assert door.history(page, ids[-1]) == ()
    with counted() as asked:
        assert door.history(page, ids[-2]) == (page,)
    assert not asked


def test_a_history_ends_with_the_revision_that_was_read(door: Wiki, alice: Person, bob: Person, title: str) -> None:
    first = alice.edit(title, "one")["newrevid"]
    second = bob.edit(title, "two")["newrevid"]
    third = bob.edit(title, "three")["newrevid"]
    page = door.read([title])[title]
    alice.edit(title, "four")
    assert [p.revision for p in door.history(page, first)] == [second, third]


def test_a_long_history_is_read_in_pieces_without_a_gap(
    door: Wiki, wiki: SandboxWiki, alice: Person, title: str
) -> None:
    ids = [alice.edit(title, f"{i} " + "long " * 4_000)["newrevid"] for i in range(12)]
    page = door.read([title])[title]
    try:
        wiki.configure(wgAPIMaxResultSize=65_536)
        with counted() as asked:
            history = door.history(page, ids[0])
    finally:
        wiki.configure()
    assert len(asked) > 2
    assert [p.revision for p in history] == ids[1:]
    assert [p.parent for p in history] == ids[:-1]


def test_more_than_fifty_revisions_are_all_read(door: Wiki, alice: Person, title: str) -> None:
    ids = [alice.edit(title, str(i))["newrevid"] for i in range(53)]
    assert [p.revision for p in door.history(door.read([title])[title], 0)] == ids


def test_where_the_last_revision_is_gone_the_history_is_the_page_alone(
    door: Wiki, alice: Person, admin: Person, title: str
) -> None:
    gone = alice.edit(title, "one")["newrevid"]
    admin.delete(title)
    alice.edit(title, "two")
    alice.edit(title, "three")
    page = door.read([title])[title]
    assert door.history(page, gone)[-1] == page
    assert door.history(page, gone)[0].parent != gone
    assert door.history(page, 10**9) == (page,)


def test_a_history_that_would_fill_the_memory_is_the_page_alone(door: Wiki, mallory: Person, title: str) -> None:
    first = mallory.edit(title, "one")["newrevid"]
    for i in range(9):  # one emoji, and Python takes four bytes for each character of a text
        mallory.edit(title, f"{i} \N{FOX FACE} " + "long " * 400_000)
    page = door.read([title])[title]
    assert door.history(page, first) == (page,)


def test_hidden_authors_and_texts_are_known_to_be_hidden(door: Wiki, alice: Person, admin: Person, title: str) -> None:
    nobody = alice.edit(title, "by nobody")["newrevid"]
    nothing = alice.edit(title, "nothing")["newrevid"]
    alice.edit(title, "")
    admin.hide_revision(nobody, "user")
    admin.hide_revision(nothing, "content", suppress=True)
    first, second, last = door.history(door.read([title])[title], 0)
    assert (first.user, first.text, first.text_hidden) == ("", "by nobody", False)
    assert (second.user, second.text, second.text_hidden) == ("Alice", "", True)
    assert (last.user, last.text, last.text_hidden) == ("Alice", "", False)
    assert door.revision(nobody) == "by nobody"
    assert door.revision(nothing) == ""
    assert door.revision(10**9) == ""


# --- saving ---------------------------------------------------------------------------------------------------------


def test_a_save_makes_a_page_and_changes_it(door: Wiki, alice: Person, title: str) -> None:
    first = door.save(title, "one", 0, "made")
    second = door.save(title, "two", first, "changed")
    history = alice.history(title)
    assert [r["revid"] for r in history] == [second, first]
    assert {r["user"] for r in history} == {"Smbot"}
    assert history[0]["comment"] == "changed"
    assert door.read([title])[title].text == "two"
    assert door.save(title, "two", second, "nothing new") == second


def test_half_an_emoji_is_saved_as_a_question_mark(door: Wiki, title: str) -> None:
    door.save(title, "No: \ud83d!", 0, "made \udc4d")
    assert door.read([title])[title].text == "No: ?!"


def test_what_the_wiki_keeps_of_a_text_is_known(door: Wiki, title: str) -> None:
    text = "<b>\u0338 e\u0301 a\x01b\x0c\x1f\x7f c\r\nd\re \u2028 \n\n"
    revision = door.save(title, text, 0, "")
    assert door.read([title])[title].text == kept(text) != text
    assert door.save(title, text, revision, "") == revision


def test_two_doors_of_one_account_never_overwrite_each_other(door: Wiki, alice: Person, title: str) -> None:
    """MediaWiki by itself suppresses conflicts with oneself; stating the revision does not."""
    other = Wiki()
    base = door.save(title, "one\n", 0, "")
    door.save(title, "door\n", base, "")
    with pytest.raises(Conflict, match="was changed by Smbot meanwhile"):
        other.save(title, "other\n", base, "")
    assert alice.get(title) == "door"


def test_distant_changes_are_merged_and_near_ones_conflict(door: Wiki, alice: Person, title: str) -> None:
    lines = [f"line {i}" for i in range(9)]
    base = door.save(title, "\n".join(lines), 0, "")
    alice.edit(title, "\n".join(["Alice", *lines[1:]]))
    door.save(title, "\n".join([*lines[:-1], "Smbot"]), base, "")
    assert alice.get(title) == "\n".join(["Alice", *lines[1:-1], "Smbot"])
    with pytest.raises(Conflict, match="was changed by Smbot meanwhile"):
        door.save(title, "\n".join(["Smbot", *lines[1:]]), base, "")


def test_a_page_somebody_made_meanwhile_is_a_conflict(door: Wiki, alice: Person, title: str) -> None:
    alice.edit(title, "Alice was first")
    with pytest.raises(Conflict, match="was changed by Alice meanwhile"):
        door.save(title, "mine", 0, "")
    assert alice.get(title) == "Alice was first"


def test_a_page_somebody_deleted_meanwhile_is_a_conflict_and_not_made_again(
    door: Wiki, admin: Person, title: str
) -> None:
    base = door.save(title, "one", 0, "")
    admin.delete(title)
    with pytest.raises(Conflict):
        door.save(title, "two", base, "")
    assert admin.revision_id(title) == 0


@contextlib.contextmanager
def lost_answer() -> Iterator[list[str]]:
    """The wiki does what it is asked, and the answer to the first edit is lost on the way."""
    from pywikibot.comms import http

    adapter: Any = http.session.get_adapter("http://")
    send, lost = adapter.send, list[str]()

    def dropping(request: requests.PreparedRequest, **how: Any) -> requests.Response:
        answer: requests.Response = send(request, **how)
        if not lost and form_of(request).get("action") == "edit":
            lost.append(answer.text)
            raise requests.ConnectionError("connection reset by peer")
        return answer

    adapter.send = dropping
    try:
        yield lost
    finally:
        del adapter.send  # and the method of its class is there again


@pytest.mark.parametrize("there", [False, True], ids=["made", "changed"])
def test_a_save_whose_answer_is_lost_is_a_save(door: Wiki, alice: Person, title: str, hasty: None, there: bool) -> None:
    base = door.save(title, "before", 0, "") if there else 0
    with lost_answer() as lost:
        saved = door.save(title, "after", base, "")
    assert "Success" in lost[0]
    assert saved == alice.revision_id(title)
    assert [r["slots"]["main"]["content"] for r in alice.history(title)] == ["after"] + ["before"] * there


def test_a_memory_whose_answer_is_lost_is_a_save_however_the_wiki_lays_it_out(
    door: Wiki, alice: Person, hasty: None
) -> None:
    title = f"User:Smbot/{secrets.token_hex(4)}.json"
    with lost_answer():
        saved = door.save(title, '{"a":[1,2],"b":{}}', 0, "")
    assert saved == alice.revision_id(title)
    with pytest.raises(Conflict):
        door.save(title, '{"a":[1,3],"b":{}}', 0, "")


def test_on_a_wiki_that_is_read_only_nothing_is_saved(
    door: Wiki, wiki: SandboxWiki, alice: Person, title: str, hasty: None
) -> None:
    try:
        wiki.configure(wgReadOnly="Moving house")
        with pytest.raises(WikiError) as caught:
            door.save(title, "one", 0, "")
        assert not door.read([title])[title].exists
    finally:
        wiki.configure()
    assert not isinstance(caught.value, Conflict | Rejected)
    assert door.save(title, "one", 0, "") == alice.revision_id(title)


def test_a_text_the_wiki_does_not_take_is_told_apart(door: Wiki, admin: Person, title: str) -> None:
    admin.edit(title, "closed")
    admin.protect(title)
    with pytest.raises(Rejected, match="protectedpage"):
        door.save(title, "open", admin.revision_id(title), "")
    with pytest.raises(Rejected, match="contenttoobig"):
        door.save(f"{title} 2", "x" * (2048 * 1024 + 1), 0, "")


def test_a_dead_wiki_is_a_wiki_error(door: Wiki, title: str, hasty: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from pywikibot.comms import http

    def dead(*_: Any, **__: Any) -> requests.Response:
        raise requests.ConnectionError("connection refused")

    monkeypatch.setattr(type(http.session.get_adapter("http://")), "send", dead)
    with pytest.raises(WikiError):
        door.read([title])
    with pytest.raises(WikiError):
        door.save(title, "x", 0, "")


# --- people ---------------------------------------------------------------------------------------------------------


def test_who_is_blocked_wholly_or_in_part_or_is_not_there(
    door: Wiki, wiki: SandboxWiki, admin: Person, title: str
) -> None:
    admin.edit(title, "here")
    names = [f"{name} {secrets.token_hex(3)}" for name in ("Öl", "Partly", "Fine = \"'&+!")]
    for name in names:
        wiki.user(name)
    admin.block(names[0])
    admin.block(names[1], partial=True, allowusertalk=True, pagerestrictions=title)
    asked = [*names, "Nobody at all", "127.0.0.1", "Smbot", "a<b"]
    assert door.blocked(asked) == {names[0], names[1], "Nobody at all", "127.0.0.1", "a<b"}
    assert door.blocked([]) == frozenset()
    admin.unblock(names[0])
    assert door.blocked([names[0]]) == frozenset()


def test_an_expired_block_is_none(door: Wiki, wiki: SandboxWiki, admin: Person) -> None:
    name = f"Back {secrets.token_hex(3)}"
    wiki.user(name)
    admin.do("block", user=name, expiry="1 seconds")
    with contextlib.suppress(RefusedError):
        admin.unblock(name)
    assert door.blocked([name]) == frozenset()


def test_which_revisions_are_hidden_or_gone(door: Wiki, alice: Person, admin: Person, title: str) -> None:
    ids = [alice.edit(title, str(i))["newrevid"] for i in range(5)]
    admin.hide_revision(ids[0], "user")
    admin.hide_revision(ids[1], "content")
    admin.hide_revision(ids[2], "content|user|comment", suppress=True)
    admin.hide_revision(ids[3], "comment")
    other = alice.edit(f"{title} 2", "x")["newrevid"]
    admin.delete(f"{title} 2")
    assert door.hidden([*ids, other, 10**9]) == {*ids[:3], other, 10**9}
    with counted() as asked:
        assert len(door.hidden(range(10**9, 10**9 + 120))) == 120
    assert len(asked) == 3


def test_the_rights_are_those_the_password_lets_through(door: Wiki) -> None:
    assert {"edit", "createpage", "editmyuserjson", "bot"} <= door.rights()
    assert not {"editsitejs", "editmyuserjs", "delete", "protect"} & door.rights()


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def cat(admin: Person, tmp_path: Path) -> str:
    """The name of an image on the wiki."""
    name = f"Cat {secrets.token_hex(4)}.png"
    admin.upload(picture(tmp_path, 1), name)
    return name


def test_files_are_found_by_the_names_asked_for(door: Wiki, cat: str) -> None:
    low = cat[:1].lower() + cat[1:].replace(" ", "_")
    with counted() as asked:
        files = door.files([cat, low, "No such.png", "<bad>.png"])
    assert len(asked) == 1
    assert set(files) == {cat, low}
    assert files[cat].mime == "image/png"
    assert files[cat].name == cat
    assert (files[cat].width, files[cat].height) == (1, 1)
    assert len(door.download(files[low], 1000)) == files[cat].size


def test_of_a_file_that_was_replaced_only_the_new_version_counts(
    door: Wiki, admin: Person, cat: str, tmp_path: Path
) -> None:
    old = door.files([cat])[cat]
    admin.upload(picture(tmp_path, 3), cat)
    with counted() as asked:
        new = door.files([cat])[cat]
    assert len(asked) == 1
    assert new.since >= old.since
    assert new.sha1 != old.sha1
    assert door.download(new, 1000) == (tmp_path / "3.png").read_bytes()
    with pytest.raises(WikiError, match="was replaced just now"):
        door.download(old, 1000)


def test_a_file_that_says_nothing_of_its_licence_asks_for_no_credit(
    door: Wiki, admin: Person, tmp_path: Path, cat: str
) -> None:
    exif = Image.Exif()
    exif[0x013B], exif[0x8298] = "Jane Doe", "(c) Jane Doe"  # artist, copyright
    Image.new("RGB", (9, 6)).save(tmp_path / "exif.jpg", exif=exif)
    admin.upload(tmp_path / "exif.jpg", name := f"Exif {cat[4:-4]}.jpg")
    file = door.files([name])[name]
    assert (file.mime, file.width, file.height, file.credit) == ("image/jpeg", 9, 6, "")


def drawn(data: bytes) -> Image.Image:
    """The picture in some bytes."""
    return Image.open(BytesIO(data))


@pytest.fixture
def wide(admin: Person, tmp_path: Path) -> str:
    """The name of an image on the wiki that is wider than any we ask the wiki to make of it."""
    Image.new("RGB", (2000, 500), "red").save(tmp_path / "wide.png")
    admin.upload(tmp_path / "wide.png", name := f"Wide {secrets.token_hex(4)}.png")
    return name


def test_of_a_file_larger_than_may_be_the_wiki_gives_a_smaller_one(door: Wiki, wide: str) -> None:
    file = door.files([wide])[wide]
    assert drawn(door.download(file)).size == (2000, 500)
    smaller = drawn(door.download(file, file.size - 1))
    assert (smaller.format, smaller.size) == ("PNG", (1920, 480))
    assert drawn(door.download(replace(file, width=20_000, height=5_000))).size == (1920, 480)


@pytest.mark.parametrize(
    ("size", "mime", "wanted"),
    [
        ((0, 0), "application/pdf", "1920"),
        ((4000, 3000), "image/tiff", "1920"),
        ((1920, 1080), "image/tiff", "1280"),
        ((100, 100), "image/tiff", "250"),
        ((100, 100), "image/svg+xml", "1920"),
        ((600, 4800), "image/svg+xml", "330"),
        ((1, 4000), "image/svg+xml", "250"),
    ],
)
def test_the_wiki_is_only_asked_for_the_widths_that_wikimedia_serves(
    door: Wiki, cat: str, size: tuple[int, int], mime: str, wanted: str
) -> None:
    file = replace(door.files([cat])[cat], mime=mime, width=size[0], height=size[1])
    with counted() as asked:
        door.download(file)
    widths = [parse_qs(str(answer.request.body or answer.request.url))["iiurlwidth"] for answer in asked]
    assert widths == [[wanted], [wanted]]


def test_a_file_replaced_while_the_wiki_makes_a_smaller_one_is_not_taken(
    door: Wiki, admin: Person, wide: str, tmp_path: Path
) -> None:
    old = door.files([wide])[wide]
    admin.upload(picture(tmp_path, 5), wide)
    with pytest.raises(WikiError, match="was replaced just now"):
        door.download(old, 1)


def test_a_drawing_is_taken_as_the_wiki_draws_it(door: Wiki, admin: Person, wiki: SandboxWiki, tmp_path: Path) -> None:
    Image.new("RGB", (1920, 960), "blue").save(tmp_path / "drawn.png")
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"></svg>')
    settings = {"wgFileExtensions": ["png", "jpg", "jpeg", "svg"], "wgSVGConverter": "copy"}
    name = f"Drawing {secrets.token_hex(4)}.svg"
    try:
        wiki.configure(**settings, wgSVGConverters={"copy": f"cp {tmp_path}/drawn.png $output"})
        admin.upload(tmp_path / "a.svg", name)
        file = door.files([name])[name]
        assert (file.mime, file.width, file.height) == ("image/svg+xml", 20, 10)
        found = drawn(door.download(file))
        assert (found.format, found.getpixel((0, 0))) == ("PNG", (0, 0, 255))
        wiki.configure(**settings, wgSVGConverters={"copy": "echo cannot; false $output"})
        admin.upload(tmp_path / "a.svg", name := f"2 {name}")
        with pytest.raises(WikiError, match=rf"cannot draw ‘{name}’: .*Upload it as PNG or JPEG"):
            door.download(door.files([name])[name])
    finally:
        wiki.configure()


def test_no_more_is_downloaded_than_may_be(door: Wiki, cat: str) -> None:
    file = door.files([cat])[cat]
    assert door.download(file, file.size)
    with pytest.raises(WikiError, match="is larger than"):
        door.download(replace(file, size=1), file.size - 1)


class Dripping(Handler):
    """An image that never ends, a byte at a time."""

    def answer(self) -> Answered:
        self.server.agents.append(self.headers["User-Agent"])
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        while not self.server.closing.wait(0.02):
            self.wfile.write(b"x")
            self.wfile.flush()
        return 200, {}, b""


def test_an_image_that_never_ends_is_given_up(door: Wiki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smbot.wiki._LONGEST", 0.2)
    with StandIn(Dripping) as server:
        server.agents = []
        slow = File("Slow.png", f"{server.url}/slow.png", "image/png", 9, datetime.now(UTC), "0" * 40)
        with pytest.raises(WikiError, match="too slowly"):
            door.download(slow)
        assert "Smbot" in server.agents[0]


@pytest.mark.parametrize("path", ["/images/0/00/No_such.png", ":bad"])
def test_an_image_that_cannot_be_had_is_a_wiki_error(door: Wiki, wiki: SandboxWiki, path: str) -> None:
    gone = File("No such.png", wiki.url + path, "image/png", 9, datetime.now(UTC), "0" * 40)
    with pytest.raises(WikiError, match="could not be read"):
        door.download(gone, 1000)


def test_links_of_a_wiki_become_addresses(door: Wiki, wiki: SandboxWiki) -> None:
    site = door.site()
    assert site.article == f"{wiki.url}/wiki/$1"
    assert site.interwiki["phab"] == "https://phabricator.wikimedia.org/$1"
    assert site.file_namespaces == {"file", "image"}


# --- pages newly made -------------------------------------------------------------------------------------------------

TODAY = datetime.now(UTC).replace(microsecond=0)
LATELY = TODAY - timedelta(days=14)


@pytest.fixture
def prefix(door: Wiki) -> str:
    """The beginning of names that no page has, for a door that knows what pywikibot asks first of all."""
    door.newly_made(["Project:", "Category:News"], LATELY)
    return f"ଲେଖା's 🎉 {secrets.token_hex(4)}/"


@contextlib.contextmanager
def days_ago(wiki: SandboxWiki, days: float) -> Iterator[datetime]:
    """Let it be earlier on the wiki, for pages that are made there; it says when."""
    wiki.set_clock(then := TODAY - timedelta(days=days))
    try:
        yield then
    finally:
        wiki.set_clock(None)


def aged(wiki: SandboxWiki, who: Person, days: float, *titles: str, text: str = "old") -> datetime:
    """Pages that were made some days ago."""
    with days_ago(wiki, days) as then:
        for title in titles:
            who.edit(title, text)
    return then


def names(pages: Iterable[Page], prefix: str) -> list[str]:
    return [page.title.removeprefix(prefix) for page in pages]


def test_pages_newly_made_are_told_newest_first(
    door: Wiki, wiki: SandboxWiki, alice: Person, bob: Person, prefix: str
) -> None:
    aged(wiki, alice, 30, f"{prefix}old", f"{prefix}old but changed")
    twice = aged(wiki, alice, 5, f"{prefix}twice")
    once = aged(wiki, alice, 3, f"{prefix}once")
    edge = aged(wiki, alice, 14, f"{prefix}at the edge")
    aged(wiki, alice, 14.1, f"{prefix}over it")
    last = bob.edit(f"{prefix}twice", "newer")["newrevid"]
    bob.edit(f"{prefix}old but changed", "newer")
    bob.edit(f"{prefix[:-1]} is another", "newer")
    found = door.newly_made([prefix], LATELY)[prefix]
    assert names(found, prefix) == ["once", "twice", "at the edge"]
    assert [page.created for page in found] == [once, twice, edge]
    assert (found[0].timestamp, found[1].revision, found[1].text, found[1].text_hidden) == (once, last, "", False)
    assert found[1].url == door.read([found[1].title])[found[1].title].url
    assert requests.get(found[1].url, timeout=10).ok


def test_looking_for_new_pages_costs_one_request_and_one_for_each_old_page_that_changed(
    door: Wiki, wiki: SandboxWiki, alice: Person, prefix: str
) -> None:
    aged(wiki, alice, 30, *(f"{prefix}{i}" for i in range(4)))
    with counted() as asked:
        assert door.newly_made([prefix], LATELY)[prefix] == ()
    assert len(asked) == 1
    alice.edit(f"{prefix}1", "changed")
    alice.edit(f"{prefix}fresh", "once")
    for cost in (2, 1):  # what was asked once is known
        with counted() as asked:
            assert names(door.newly_made([prefix], LATELY)[prefix], prefix) == ["fresh"]
        assert len(asked) == cost


def test_many_old_pages_that_changed_cost_five_requests(
    door: Wiki, wiki: SandboxWiki, alice: Person, prefix: str
) -> None:
    titles = [f"{prefix}{i}" for i in range(8)]
    aged(wiki, alice, 30, *titles)
    alice.edit(f"{prefix}fresh", "one")
    alice.edit(f"{prefix}fresh", "two")
    imported = [f"{prefix}imported {i}" for i in range(3)]
    aged(wiki, alice, 20, *imported)
    for title in titles + imported:
        alice.edit(title, "changed")
    with counted() as asked:
        found = door.newly_made([prefix], LATELY)[prefix]
    assert names(found, prefix) == ["fresh"]
    assert len(asked) == 1 + 5 + 1


def test_a_moved_page_is_as_old_as_its_first_revision_and_redirects_are_none(
    door: Wiki, wiki: SandboxWiki, admin: Person, prefix: str
) -> None:
    made = aged(wiki, admin, 3, f"{prefix}draft")
    aged(wiki, admin, 30, f"{prefix}ancient draft")
    admin.move(f"{prefix}draft", f"{prefix}2026/October")
    admin.move(f"{prefix}ancient draft", f"{prefix}2026/July")
    admin.edit(f"{prefix}shortcut", f"#REDIRECT [[{prefix}2026/October]]")
    found = door.newly_made([prefix], LATELY)[prefix]
    assert [(page.title, page.created) for page in found] == [(f"{prefix}2026/October", made)]


def test_translations_of_a_page_are_no_new_pages(door: Wiki, alice: Person, prefix: str) -> None:
    title = f"{prefix}2026"
    for part in ("", "/en", "/pt-br", "/zh-hant", "/October", "/October/fr", "/none/fr"):
        alice.edit(title + part, "new")
    alice.edit(prefix[:-1], "what the names begin with is a page as well")
    alice.edit(f"{prefix}or", "its translation")
    with counted() as asked:
        found = door.newly_made([prefix], LATELY)[prefix]
    assert set(names(found, title)) == {"", "/October", "/none/fr"}
    assert len(asked) == 2


def test_a_deleted_page_is_no_new_page(door: Wiki, admin: Person, prefix: str) -> None:
    admin.edit(f"{prefix}1", "gone")
    admin.delete(f"{prefix}1")
    assert door.newly_made([prefix], LATELY)[prefix] == ()


def test_of_many_pages_the_newest_fifty_are_told(
    door: Wiki, wiki: SandboxWiki, alice: Person, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.import_pages({f"{prefix}{i:02}": "news" for i in range(60)})
    aged(wiki, alice, 1, f"{prefix}a day ago")
    with counted() as asked:
        found = door.newly_made([prefix], LATELY)[prefix]
    assert len(asked) == 1
    assert len(found) == len(set(found)) == 50
    assert f"{prefix}a day ago" not in names(found, "")
    monkeypatch.setattr("smbot.wiki._AT_ONCE", 20)
    with counted() as asked:
        assert len(door.newly_made([prefix], LATELY)[prefix]) == 50
    assert len(asked) == 4
    monkeypatch.setattr("smbot.wiki._LISTED", 2)
    with counted() as asked:
        found = door.newly_made([prefix], LATELY)[prefix]
    assert sorted(names(found, prefix)) == [*(f"{i:02}" for i in range(21, 60)), "a day ago"]
    assert len(asked) == 2


@pytest.mark.parametrize("written", ["Category:", "category:", " Category : ", ":Category:"])
def test_a_category_has_the_pages_put_there_of_late(
    door: Wiki, wiki: SandboxWiki, alice: Person, prefix: str, written: str
) -> None:
    name = prefix[:-1]
    aged(wiki, alice, 30, f"{name} old", text=f"[[Category:{name}]]")
    aged(wiki, alice, 30, f"{name} put there")
    put = aged(wiki, alice, 2, f"{name} put there", f"{name} made there", text=f"[[Category:{name}]]")
    alice.edit(f"{name} put there", f"changed since [[Category:{name}]]")
    for title in (f"{name} old", f"{name} made there/fr", f"Category:{name} more"):
        alice.edit(title, f"changed [[Category:{name}]]")
    alice.edit(f"{name} redirect", f"#REDIRECT [[{name} old]] [[Category:{name}]]")
    alice.edit(f"{name} left", f"[[Category:{name}]]")
    alice.edit(f"{name} left", "no longer")
    listing = f"{written}{name}"
    with counted() as asked:
        found = door.newly_made([listing], LATELY)[listing]
    assert {(page.title, page.created) for page in found} == {(f"{name} put there", put), (f"{name} made there", put)}
    assert len(asked) == 2  # one of them for the page above the translation
    assert all(page.revision == alice.revision_id(page.title) and not page.text for page in found)


def test_a_category_where_nothing_is_new_costs_one_request(
    door: Wiki, wiki: SandboxWiki, alice: Person, prefix: str
) -> None:
    aged(wiki, alice, 30, f"{prefix}old", text=f"[[Category:{prefix}]]")
    alice.edit(f"{prefix}old", f"changed [[Category:{prefix}]]")
    with counted() as asked:
        assert door.newly_made([f"Category:{prefix}"], LATELY) == {f"Category:{prefix}": ()}
    assert len(asked) == 1


def test_of_a_large_category_the_newest_fifty_are_told(
    door: Wiki, wiki: SandboxWiki, alice: Person, prefix: str
) -> None:
    aged(wiki, alice, 1, f"{prefix}a day ago", text=f"[[Category:{prefix}]]")
    wiki.import_pages({f"{prefix}{i:02}": f"[[Category:{prefix}]]" for i in range(60)})
    listing = f"Category:{prefix}"
    found = door.newly_made([listing], LATELY)[listing]
    assert len(found) == 50
    assert f"{prefix}a day ago" not in names(found, "")


def test_names_may_begin_in_any_namespace_and_be_typed_in_a_hurry(door: Wiki, alice: Person, title: str) -> None:
    alice.edit(f"{title}/One", "new")
    for listing in (f"{title}/", f" {title.replace('Project:', 'project : ').replace(' ', '_')}/ ", f":{title}"):
        assert [page.title[-4:] for page in door.newly_made([listing], LATELY)[listing]] == ["/One"], listing
    assert door.newly_made([title.removeprefix("Project:")], LATELY) == {title.removeprefix("Project:"): ()}


@pytest.mark.parametrize(
    "listing",
    [
        *("", ":", " _ :", "No such/", "Category:No such", "Category:", "Category:a<b", "Category:a|b", "a<b/", "a|b"),
        *("Special:Version", "Special:", "Media:x", "Talk:Talk:x", "w:Foo/", "[[News]]", "#", "ଅ\u200f🎉", "\x1f|"),
        "A" * 300,
    ],
)
def test_a_listing_that_is_not_there_has_no_pages(door: Wiki, listing: str) -> None:
    assert door.newly_made([listing], LATELY) == {listing: ()}


def test_several_listings_are_told_apart(door: Wiki, alice: Person, prefix: str) -> None:
    alice.edit(f"{prefix}1", f"[[Category:{prefix}]]")
    listings = [prefix, f"Category:{prefix}", f"{prefix}2"]
    found = door.newly_made([*listings, prefix], LATELY)
    assert {listing: names(pages, prefix) for listing, pages in found.items()} == dict(
        zip(listings, (["1"], ["1"], []), strict=True)
    )


def test_new_pages_of_a_dead_wiki_are_a_wiki_error(
    door: Wiki, hasty: None, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    from pywikibot.comms import http

    def dead(*_: Any, **__: Any) -> requests.Response:
        raise requests.ConnectionError("connection refused")

    monkeypatch.setattr(type(http.session.get_adapter("http://")), "send", dead)
    for listing in (prefix, f"Category:{prefix}"):
        with pytest.raises(WikiError):
            door.newly_made([listing], LATELY)


# --- what a quiet day costs -----------------------------------------------------------------------------------------


def quiet(world: World) -> dict[str, int]:
    """How many requests `collect` and `publish` take, each in a desk of its own, once all is done."""
    for _ in range(2):
        world.collect()
        world.publish()
    cost = {}
    for name, run in (("collect", world.collect), ("publish", world.publish)):
        with counted() as asked:
            report = run()
        assert str(report) == "nothing new"
        cost[name] = len(asked)
    return cost


def test_with_nothing_new_a_cycle_costs_three_requests(world: World) -> None:
    world.tech_news("The visual editor keeps a draft.")
    assert quiet(world) == {"collect": 2, "publish": 1}


def test_closed_requests_posts_and_log_rows_cost_no_more(world: World, alice: Person, rita: Person) -> None:
    world.tech_news("The visual editor keeps a draft.")
    for number in range(3):
        world.ask(rita, text=f"Come to hackathon {number}", accounts="wikitech")
    world.collect()
    world.approve(alice, "hackathon 0")
    world.change(alice, world.id_of("hackathon 1"), status="declined")
    world.publish()
    assert quiet(world) == {"collect": 2, "publish": 1}


def test_open_cards_that_people_touched_cost_no_more(world: World, alice: Person, mallory: Person) -> None:
    world.tech_news("The visual editor keeps a draft.")
    world.collect()
    world.change(mallory, world.id_of("new skin"), text="Buy my coins", status="approved")
    world.approve(alice, "Patrolling", not_before=f"{world.now.year + 1}-01-01")
    assert quiet(world) == {"collect": 2, "publish": 1}


def test_a_stopped_desk_costs_no_more(world: World, alice: Person) -> None:
    world.tech_news("The visual editor keeps a draft.")
    world.collect()
    world.approve(alice, "Patrolling")
    world.admin.edit(world.titles.stop, "stop")
    assert quiet(world) == {"collect": 2, "publish": 1}


def test_a_quiet_cycle_leaves_every_page_as_it_is(world: World, alice: Person, rita: Person) -> None:
    world.ask(rita, text="Come to the hackathon", accounts="wikitech")
    world.ask(rita, text="Come", accounts="nowhere")
    world.collect()
    world.approve(alice, "hackathon")
    world.publish()
    world.collect()
    titles = [world.titles.queue, world.titles.requests, world.titles.memory, f"{world.titles.log}/{world.now:%Y-%m}"]
    before = [world.admin.revision_id(title) for title in titles]
    for _ in range(2):
        world.collect()
        world.publish()
    assert [world.admin.revision_id(title) for title in titles] == before

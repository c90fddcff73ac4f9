"""The stand-in Mastodon is compared with what a real server answered (tests/data/mastodon_shapes.json)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests

from sandbox.mastodon import Mastodon
from sandbox.mastodon_world import ACCOUNTS, Account
from sandbox.standin import Fault
from sandbox.timeline import content, length

SHAPES = json.loads(Path(__file__).with_name("data").joinpath("mastodon_shapes.json").read_text("utf-8"))
READER = Account("reader", "token-of-reader", scopes=("read",))
PNG = b"\x89PNG\r\n\x1a\n--not really\r\n\r\na picture\x00\xff"


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[Mastodon]:
    with Mastodon(accounts=(*ACCOUNTS, READER), clock=clock) as running:
        yield running
        assert running.complaints == []


def ask(server: Mastodon, method: str, path: str, token: str = "token-of-wikitech", **more: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", "Connection": "close", **more.pop("headers", {})}
    return requests.request(method, server.url + path, headers=headers, timeout=5, **more)


def assert_shape(name: str, value: Any) -> None:
    jsonschema.Draft202012Validator({**SHAPES, "$ref": f"#/$defs/{name}"}).validate(value)


def post(server: Mastodon, words: str, key: str = "", **more: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    answer = ask(server, "POST", "/api/v1/statuses", json={"status": words, **more}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def upload(server: Mastodon, alt: str = "A map") -> requests.Response:
    return ask(server, "POST", "/api/v2/media", files={"file": ("m.png", PNG, "image/png")}, data={"description": alt})


# --- shapes ---------------------------------------------------------------------------------------------------------


def test_a_status_has_the_shape_of_a_recorded_one(server: Mastodon) -> None:
    media = upload(server).json()
    status = post(server, "Hello https://example.org", media_ids=[media["id"]])
    for shown in (status, ask(server, "GET", f"/api/v1/statuses/{status['id']}").json()):
        assert_shape("Status", shown)
    warned = post(server, "Hello", spoiler_text="ସାବଧାନ", visibility="unlisted", in_reply_to_id=status["id"])
    assert_shape("Status", warned)
    assert (warned["spoiler_text"], warned["visibility"]) == ("ସାବଧାନ", "unlisted")
    assert_shape("StatusSource", ask(server, "GET", f"/api/v1/statuses/{status['id']}/source").json())
    for verb in ("reblog", "favourite", "unfavourite", "unreblog"):
        shown = ask(server, "POST", f"/api/v1/statuses/{status['id']}/{verb}").json()
        assert_shape("Status", shown)
        assert_shape("Status", shown["reblog"] or shown)
    edited = ask(server, "PUT", f"/api/v1/statuses/{status['id']}", data={"status": "Changed"}).json()
    assert_shape("Status", edited)
    assert isinstance(edited["edited_at"], str)
    deleted = ask(server, "DELETE", f"/api/v1/statuses/{status['id']}").json()
    assert_shape("DeletedStatus", deleted)
    assert "content" not in deleted


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/api/v1/accounts/verify_credentials", "Account"),
        ("/api/v1/apps/verify_credentials", "Application"),
        ("/api/v2/instance", "Instance"),
        ("/api/v2/instance/", "Instance"),
        ("/api/v1/instance", "V1Instance"),
    ],
)
def test_what_is_said_of_account_application_and_instance_has_the_recorded_shape(
    server: Mastodon, path: str, shape: str
) -> None:
    assert_shape(shape, ask(server, "GET", path).json())


def test_answers_carry_rate_limit_headers_in_the_recorded_form(server: Mastodon) -> None:
    answer = ask(server, "GET", "/api/v1/accounts/verify_credentials")
    assert_shape("Headers", dict(answer.headers))


@pytest.mark.parametrize(
    ("method", "path", "token", "status", "words"),
    [
        ("POST", "/api/v1/statuses", "token-of-wikitech", 422, "Text can't be blank"),
        ("POST", "/api/v1/statuses", "guessed", 401, "The access token is invalid"),
        ("POST", "/api/v1/statuses", "token-of-reader", 403, "outside the authorized scopes"),
        ("DELETE", "/api/v1/statuses/1", "token-of-wikitech", 404, "Record not found"),
        ("GET", "/api/v1/nothing", "token-of-wikitech", 404, "Not Found"),
    ],
)
def test_an_error_has_the_recorded_shape(
    server: Mastodon, method: str, path: str, token: str, status: int, words: str
) -> None:
    answer = ask(server, method, path, token)
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert_shape("Error", answer.json())


# --- posting --------------------------------------------------------------------------------------------------------


def test_a_key_is_honoured_for_an_hour_and_for_one_account(server: Mastodon, clock: Clock) -> None:
    first = post(server, "Once", key="k")
    clock.now += timedelta(minutes=59)
    assert post(server, "Other words", key="k")["id"] == first["id"]
    other = ask(
        server,
        "POST",
        "/api/v1/statuses",
        "token-of-mediawiki",
        json={"status": "Once"},
        headers={"Idempotency-Key": "k"},
    )
    assert other.json()["id"] != first["id"]
    clock.now += timedelta(minutes=2)
    assert post(server, "Once", key="k")["id"] != first["id"]


def test_ids_sort_by_time_and_tell_it(server: Mastodon, clock: Clock) -> None:
    first, second = post(server, "a")["id"], post(server, "b")["id"]
    clock.now += timedelta(seconds=1)
    third = post(server, "c")["id"]
    assert int(first) < int(second) < int(third)
    assert int(third) >> 16 == int(clock.now.timestamp() * 1000)


def test_json_and_forms_say_the_same(server: Mastodon) -> None:
    one = ask(server, "POST", "/api/v1/statuses", json={"status": "ନମସ୍କାର", "language": "or"}).json()
    two = ask(server, "POST", "/api/v1/statuses", data={"status": "ନମସ୍କାର", "language": "or"}).json()
    assert (one["content"], one["language"]) == (two["content"], two["language"]) == ("<p>ନମସ୍କାର</p>", "or")


def test_words_over_the_limit_are_refused_as_the_real_server_does(server: Mastodon) -> None:
    post(server, "é" * 477 + "https://example.org/" + "a" * 400)
    answer = ask(server, "POST", "/api/v1/statuses", json={"status": "é" * 501})
    assert (answer.status_code, answer.json()["error"]) == (
        422,
        "Validation failed: Text character limit of 500 exceeded",
    )


def test_requests_over_the_limit_are_429_until_the_window_ends(server: Mastodon, clock: Clock) -> None:
    server.rate_limit = 2
    codes = [ask(server, "GET", "/api/v1/apps/verify_credentials").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    clock.now += timedelta(minutes=5)
    assert ask(server, "GET", "/api/v1/apps/verify_credentials").status_code == 200


# --- pictures -------------------------------------------------------------------------------------------------------


def test_a_picture_is_kept_byte_for_byte_with_its_alternative_text(server: Mastodon) -> None:
    answer = upload(server, alt="Карта\nof it")
    assert answer.status_code == 200
    assert_shape("MediaAttachment", answer.json())
    assert answer.json()["description"] == "Карта\nof it"
    assert requests.get(answer.json()["url"], timeout=5, headers={"Connection": "close"}).content == PNG


def test_a_picture_in_processing_is_202_then_206_and_cannot_be_attached_yet(server: Mastodon) -> None:
    server.world.processing = 2
    answer = upload(server)
    name = answer.json()["id"]
    assert (answer.status_code, answer.json()["url"]) == (202, None)
    assert_shape("MediaAttachment", answer.json())
    refused = ask(server, "POST", "/api/v1/statuses", json={"status": "x", "media_ids": [name]})
    assert (refused.status_code, "not finished processing" in refused.json()["error"]) == (422, True)
    asked = [ask(server, "GET", f"/api/v1/media/{name}") for _ in range(2)]
    assert [(one.status_code, one.json()["url"] is None) for one in asked] == [(206, True), (200, False)]
    for one in asked:
        assert_shape("MediaAttachment", one.json())
    assert post(server, "", media_ids=[name])["media_attachments"][0]["id"] == name


def test_what_is_no_picture_is_refused(server: Mastodon) -> None:
    answer = ask(server, "POST", "/api/v2/media", files={"file": ("a.exe", b"MZ", "application/x-dosexec")})
    assert answer.status_code == 422


# --- reading back ---------------------------------------------------------------------------------------------------


def test_an_accounts_statuses_come_newest_first_in_pages(server: Mastodon) -> None:
    ids = [post(server, f"Number {n}")["id"] for n in range(5)]
    me = ask(server, "GET", "/api/v1/accounts/verify_credentials").json()["id"]
    seen, path = [], f"/api/v1/accounts/{me}/statuses?limit=2"
    while True:
        page = ask(server, "GET", path)
        if not page.json():
            break
        seen += [status["id"] for status in page.json()]
        path = page.links["next"]["url"].removeprefix(server.url)
    assert seen == ids[::-1]
    after = ask(server, "GET", f"/api/v1/accounts/{me}/statuses?limit=2&min_id={ids[0]}").json()
    assert [status["id"] for status in after] == [ids[2], ids[1]]
    newest = ask(server, "GET", f"/api/v1/accounts/{me}/statuses?limit=2&since_id={ids[0]}").json()
    assert [status["id"] for status in newest] == [ids[4], ids[3]]


def test_a_boost_is_a_status_of_its_own_made_once_and_left_out_on_request(server: Mastodon) -> None:
    original = server.world.say("mediawiki", "Release")
    boosts = {ask(server, "POST", f"/api/v1/statuses/{original}/reblog").json()["id"] for _ in range(2)}
    assert len(boosts) == 1
    me = ask(server, "GET", "/api/v1/accounts/verify_credentials").json()["id"]
    with_boosts = ask(server, "GET", f"/api/v1/accounts/{me}/statuses").json()
    assert [status["reblog"]["id"] for status in with_boosts] == [original]
    assert ask(server, "GET", f"/api/v1/accounts/{me}/statuses?exclude_reblogs=1").json() == []


def test_an_edit_drops_what_it_is_not_told_but_for_the_language_and_a_repeated_one_is_none(
    server: Mastodon, clock: Clock
) -> None:
    media = upload(server).json()["id"]
    name = post(server, "x", media_ids=[media], spoiler_text="Long", language="or")["id"]
    kept = {"status": "y", "media_ids": [media], "spoiler_text": "Long"}
    edited = ask(server, "PUT", f"/api/v1/statuses/{name}", json=kept).json()
    assert (edited["spoiler_text"], edited["sensitive"], len(edited["media_attachments"])) == ("Long", True, 1)
    clock.now += timedelta(minutes=1)
    assert ask(server, "PUT", f"/api/v1/statuses/{name}", json=kept).json()["edited_at"] == edited["edited_at"]
    bare = ask(server, "PUT", f"/api/v1/statuses/{name}", json={"status": "y"}).json()
    assert (bare["spoiler_text"], bare["sensitive"], bare["media_attachments"]) == ("", False, [])
    assert bare["language"] == "or"


def test_a_warning_hides_the_pictures_too_unless_it_is_said_not_to(server: Mastodon) -> None:
    """As recorded: `sensitive=0` stands, even beside a warning."""
    assert post(server, "x", spoiler_text="Long")["sensitive"] is True
    for no in (False, "0"):
        assert post(server, "x", spoiler_text="Long", sensitive=no)["sensitive"] is False


def test_a_warning_counts_as_words_do(server: Mastodon) -> None:
    post(server, "x" * 490, spoiler_text="y" * 10)
    answer = ask(server, "POST", "/api/v1/statuses", json={"status": "x" * 490, "spoiler_text": "y" * 11})
    assert answer.status_code == 422


def test_a_post_is_found_by_its_address_and_one_on_another_server_is_fetched_when_asked_to(server: Mastodon) -> None:
    here = post(server, "Hello")
    there = "https://elsewhere.example/@release/1"
    server.world.abroad[there] = "Release"

    def found(address: str, **more: str) -> list[Any]:
        answer = ask(server, "GET", "/api/v2/search", params={"q": address, "type": "statuses", **more}).json()
        assert_shape("Search", answer)
        return list(answer["statuses"])

    assert [status["id"] for status in found(here["url"])] == [here["id"]]
    assert found(there) == []
    fetched = found(there, resolve="true")
    assert_shape("Status", fetched[0])
    assert (fetched[0]["url"], fetched[0]["account"]["acct"]) == (there, "release@elsewhere.example")
    assert found(there) == fetched


def test_a_picture_goes_out_once_and_a_reply_needs_its_post(server: Mastodon) -> None:
    media = upload(server).json()["id"]
    post(server, "x", media_ids=[media])
    again = ask(server, "POST", "/api/v1/statuses", json={"status": "y", "media_ids": [media]})
    reply = ask(server, "POST", "/api/v1/statuses", json={"status": "y", "in_reply_to_id": "404"})
    assert (again.status_code, reply.status_code) == (422, 404)


@pytest.mark.parametrize(
    ("method", "path", "odd"),
    [
        ("POST", "/api/v1/statuses", {"status": "x", "warning": "y"}),
        ("POST", "/api/v1/statuses", {"status": "x", "visibility": "everybody"}),
        ("POST", "/api/v1/statuses", {"status": "x", "media_ids": "1"}),
        ("PUT", "/api/v1/statuses/1", {"status": "x", "visibility": "public"}),
        ("GET", "/api/v2/search", {"q": "x", "resolve": "yes"}),
        ("GET", "/api/v1/accounts/1001/statuses", {"limit": "all"}),
    ],
)
def test_a_parameter_that_is_not_published_is_complained_about(
    server: Mastodon, method: str, path: str, odd: dict[str, str]
) -> None:
    answer = ask(server, method, path, **{"params" if method == "GET" else "json": odd})
    assert answer.status_code == 422
    assert server.complaints == [f"{method} {path}: {list(odd)[-1]}"]
    server.complaints.clear()


def test_nobody_edits_or_deletes_the_posts_of_another(server: Mastodon) -> None:
    name = server.world.say("mediawiki", "Release")
    assert ask(server, "PUT", f"/api/v1/statuses/{name}", data={"status": "x"}).status_code == 404
    assert ask(server, "DELETE", f"/api/v1/statuses/{name}").status_code == 404


def test_posts_survive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with Mastodon(state=file) as first:
        name = first.world.say("wikitech", "ସମ୍ବାଦ 📰")
    with Mastodon(state=file) as second:
        assert second.world.posts("wikitech")[0]["text"] == "ସମ୍ବାଦ 📰"
        assert second.world.posts("wikitech")[0]["id"] == name


def test_it_runs_as_a_program_and_stops_on_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox.mastodon", "--port", "0", "--state", str(tmp_path / "s.json")]
    root = Path(__file__).parents[1]
    with subprocess.Popen(
        command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        assert requests.get(url, timeout=5, headers={"Connection": "close"}).status_code == 200
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=5) == 0


def test_a_fault_happens_once(server: Mastodon) -> None:
    server.faults.append(Fault("/api/v1/statuses$", "502-html", "after", "POST"))
    assert ask(server, "POST", "/api/v1/statuses", json={"status": "x"}).status_code == 502
    assert ask(server, "POST", "/api/v1/statuses", json={"status": "y"}).status_code == 200
    assert [status["text"] for status in server.world.posts("wikitech")] == ["x", "y"]


# --- what people see ------------------------------------------------------------------------------------------------


def test_words_become_paragraphs_and_links(server: Mastodon) -> None:
    shown = content("A & <b>\nhttps://www.example.org/a_(b).\n\n#MediaWiki", "http://h")
    assert shown == (
        '<p>A &amp; &lt;b&gt;<br /><a href="https://www.example.org/a_(b)" target="_blank" rel="nofollow noopener">'
        "example.org/a_(b)</a>.</p>"
        '<p><a href="http://h/tags/MediaWiki" class="mention hashtag" rel="tag">#MediaWiki</a></p>'
    )


def test_the_timeline_page_shows_posts_safely_in_their_language(server: Mastodon) -> None:
    media = upload(server, alt='"><script>alert(1)</script>').json()
    name = post(server, "שלום <script>", language="he", media_ids=[media["id"]])["id"]
    for path in ("/", "/@wikitech", f"/@wikitech/{name}"):
        page = requests.get(server.url + path, timeout=5, headers={"Connection": "close"})
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert 'lang="he" dir="auto"' in page.text
        assert "<script" not in page.text
        assert "&quot;&gt;&lt;script&gt;alert(1)" in page.text
    assert "שלום" not in requests.get(server.url + "/tags/MediaWiki", timeout=5, headers={"Connection": "close"}).text
    assert requests.get(server.url + "/@nobody", timeout=5, headers={"Connection": "close"}).status_code == 404


def test_the_timeline_page_hides_words_and_pictures_behind_a_warning(server: Mastodon) -> None:
    media = upload(server).json()
    name = post(server, "The end", spoiler_text="<Spoiler>", media_ids=[media["id"]])["id"]
    page = requests.get(f"{server.url}/@wikitech/{name}", timeout=5, headers={"Connection": "close"}).text
    before, _, hidden = page.partition('<summary dir="auto">&lt;Spoiler&gt;</summary>')
    assert "The end" in hidden.partition("</details>")[0]
    assert "<img" in hidden.partition("</details>")[0]
    assert "The end" not in before


def test_its_own_counting_follows_the_documented_rules() -> None:
    assert (
        length("👩‍👩‍👧 https://example.org/" + "x" * 99 + " @user@example.org www.example.org")
        == 1 + 1 + 23 + 1 + 5 + 1 + 15
    )

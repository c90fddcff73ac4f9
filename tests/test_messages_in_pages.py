"""No English is left in what people see when another language is spoken: all of it comes from the messages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from msgspec.structs import replace as put

from smbot import messages, notices, pages, plan
from smbot.memory import (
    DEFERRED,
    HANDED_OFF,
    IN_DOUBT,
    POSTED,
    REFUSED,
    RETRACTED,
    SENDING,
    Decision,
    Limits,
    Memory,
    Past,
    Trouble,
)
from smbot.messages import speaking
from smbot.model import Event, Flag, Page
from smbot.postlog import Done
from tests.builders import (
    ACCOUNTS,
    ALICE,
    BOB,
    CHANNEL,
    MALLORY,
    NEWS,
    NOW,
    RITA,
    RULES,
    TITLES,
    Paper,
    approved,
    changed,
    delivery,
    known,
    page,
    request,
    snapshot,
)
from tests.builders import settings as rules

KEY = f"n1/{CHANNEL}"
CODE = re.compile(  # what is written for templates and for smbot itself
    r"\|\s*(?:check|status|state|visibility|network|account|id|key|language)\s*=[^|}\n]*|\|\s*[a-z ]+="
    r'|<span class="smbot-call">[^~]*~~~~</span>'
    r"|\{\{Smbot/(?:(?:answer|notice)\|1=)?[a-z ]+|User:|#[nr]\w+|https?://\S+|nowiki|\bbr\b"
)


@pytest.fixture(autouse=True)
def foreign(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A language is spoken in which every message is nothing but its values."""
    real = messages.messages
    values = {key: " ".join(re.findall(r"\$[1-9]", text)) or "." for key, text in real("en").items()}
    titles = {"queue-to-review": "1", "queue-posted-of-late": "2", "queue-decide": "3", "queue-approved": "4"}
    titles |= {"queue-to-review-for": "5 $1", "queue-pick": "6 $1 $2"}
    fake = values | titles | {"digits": "0123456789"}
    monkeypatch.setattr(messages, "messages", lambda language: fake if language == "qqx" else real(language))
    messages._found.cache_clear()
    messages._digits.cache_clear()
    with speaking("qqx"):
        yield
    messages._found.cache_clear()
    messages._digits.cache_clear()


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{2,}", text))


def left(shown: str | pages.Edit | None, *given: object) -> set[str]:
    """The words of what is shown that are neither code nor in what was given, such as names and the words of posts."""
    shown = f"{shown.text} {shown.summary}" if isinstance(shown, pages.Edit) else shown or ""
    return words(CODE.sub(" ", shown)) - words(repr((TITLES, RULES, *given)))


def on_queue(memory: Memory, text: str = "", **more: object) -> set[str]:
    shown = pages.queue_edit(memory, snapshot(memory, text, **more))
    return left(shown, text, [(k.source, k.title, k.proposal) for k in memory.known.values()], ALICE)


@pytest.mark.parametrize("task", ["post", "retract", "correct"])
@pytest.mark.parametrize("state", [POSTED, SENDING, DEFERRED, IN_DOUBT, REFUSED, HANDED_OFF, RETRACTED])
@pytest.mark.parametrize("why", ["", "0"])
def test_what_became_of_a_post(state: str, task: str, why: str) -> None:
    memory, text = approved()
    one = delivery(state=state, task=task, reason=why, url="https://m.example" * bool(why), until=NOW)
    two = delivery(state=REFUSED, channel="mediawiki/other", reason=why)
    assert on_queue(replace(memory, deliveries={one.key: one, two.key: two}), text) == set()
    memory = replace(memory, known={"n1": replace(memory.known["n1"], end="posted")}, deliveries={KEY: one})
    assert on_queue(memory, text) == set()


@pytest.mark.parametrize(
    "more",
    [
        {"not_before": "2026-12-01"},
        {"not_after": "2020-01-01", "not_before": "xx"},
        {"accounts": "nobody", "link": "xx", "language": "xxxx", "image": "X.png", "evergreen": "maybe", "xx": "yy"},
        {"accounts": "", "alt": "xx", "text": "a\u200bb"},
        {"text": "x " * 300, "text_wikitech": "xx"},
        {"text": "@xx yy"},
        {"text": "yy @xx", "repost": "xx", "like": "https://m.example/@xx/1", "reposted_by": "mediawiki"},
        {"text": "", "accounts": "mediawiki, wikitech"},
    ],
)
def test_what_is_wrong_with_a_card_or_a_request(more: dict[str, str]) -> None:
    memory, text = approved(**more)
    assert on_queue(memory, text) == set()
    desk = Paper()
    desk.ask(RITA, request(**more))
    desk.run()
    assert left(desk.asked, desk.requests[0].text) == set()


@pytest.mark.parametrize("status", ["approved", "retract", "correct", "declined", "xx"])
@pytest.mark.parametrize("user", [ALICE, MALLORY, ""])
@pytest.mark.parametrize("four_eyes", [True, False])
def test_what_people_decided(status: str, user: str, four_eyes: bool) -> None:
    memory, text = approved(user=user)
    standing = memory.known["n1"].standing
    for reason, editors, others, asked in (("", (), (), ()), ("0", (user,), (BOB,), ()), ("0", (), (), (RITA, user))):
        decision = Decision(status, user, 9, reason=reason, digest=standing.digest) if status != "approved" else None
        odd = replace(standing, decision=decision, editors=editors, disturbed_by=others)
        odd = replace(odd, approvals=(replace(standing.approvals[0], disturbed_by=others),))
        one = replace(memory.known["n1"], standing=odd, requesters=asked, similar=(("n1", "0"), ("n2", "0")))
        seen = snapshot(memory, changed(text, "n1", status=status), settings=rules(four_eyes=four_eyes))
        out = known(end="posted", proposal=None)
        before = replace(memory, known={"n1": one, "n2": out}, deliveries={KEY: delivery(state=IN_DOUBT)})
        for mind in (before, plan.settle_decisions(before, seen), plan.void(before, frozenset({ALICE}), frozenset())):
            assert left(pages.queue_edit(mind, seen), seen.queue.text, one, *seen.settings.accounts) == set()


@pytest.mark.parametrize("end", ["posted", "retracted", "declined", "given up", "expired", ""])
def test_the_answer_to_a_request(end: str) -> None:
    desk = Paper()
    desk.ask(RITA, request("Xx."))
    desk.run()
    (id_,) = desk.ids
    out = delivery(id_, state=POSTED, url="https://m.example")
    ended = replace(desk.memory.known[id_], end=end, dropped={"mediawiki": "0"} if end else {})
    desk.memory = replace(desk.memory, known={id_: ended}, deliveries={out.key: out})
    shown = pages.requests_edit(desk.memory, desk.seen())
    assert shown is not None
    assert left(shown, desk.requests[0].text) == set()


def test_news_that_has_a_date_is_moved_cancelled_or_gone() -> None:
    desk = Paper(settings=rules(feeds=(put(NEWS, remind=(timedelta(days=2), timedelta(hours=1))),)))
    posts: list[object] = []
    for days, flags in ((9, ()), (10, ()), (10, (Flag.CANCELLED,))):
        desk.news("Xx.", event=Event(desk.now + timedelta(days=days)), flags=frozenset(flags))
        desk.run()
        posts += [(k.source, k.proposal) for k in desk.memory.known.values()]
        assert left(desk.text, posts) == set()
    desk.news()
    desk.run()
    assert left(desk.text + "".join(desk.memory.alarms.values()), posts) == set()


@pytest.mark.parametrize("hours", [-1, 1])
def test_what_stands_at_the_top_of_the_queue_and_in_the_weekly_message(hours: int) -> None:
    at = NOW + timedelta(hours=hours)
    voices = {name: put(account, goal=9) for name, account in ACCOUNTS.items()}
    by_hand = [delivery(f"n{n}", state=HANDED_OFF, task=t, since=NOW + n * timedelta(hours=hours))
               for n, t in ((30, "post"), (31, "retract"))]  # fmt: skip
    memory = Memory(
        known={f"n{n}": known(title="Xx") for n in range(20)},
        troubles={CHANNEL: Trouble(4, "0", at)},
        limits={CHANNEL: Limits(NOW, {"expires": at.isoformat()})},
        alarms={"x": "0"},
        missed=(Past("n1", "mediawiki", "Xx", at),),
        deliveries={one.key: one for one in by_hand},
    )
    seen = snapshot(memory, "#REDIRECT [[Xx]]", settings=rules(accounts=voices), requests=page("{{" * 9000))
    for stop in ("", "no"):
        line = notices.status_line(memory, put(seen, stop=page(stop, 0, title=TITLES.stop)), ("0",))
        assert left(line, "REDIRECT Xx Page mediawiki wikitech ul li") == set()
    message = pages.message_edit(Page(TITLES.talk), "", memory, seen)
    assert message is not None
    assert left(message, "Xx mediawiki wikitech", ALICE, BOB) == set()


def test_the_rows_of_the_log() -> None:
    asked = known(source="request", requesters=(RITA,))
    waits = delivery(state=HANDED_OFF)
    done = {KEY: Done("", 7)}
    edit = pages.log_edit(page(""), [waits], Memory(known={"n1": asked}), snapshot(done_by_hand=done))
    assert left(edit, waits.text, asked.requesters, ALICE) == set()


def test_what_was_written_in_another_language_is_found_again() -> None:
    desk = Paper(settings=rules(accounts={name: put(account, goal=9) for name, account in ACCOUNTS.items()}))
    with speaking("en"):
        desk.news("A new skin is the default.")
        desk.run()
        before = pages.message_edit(Page(TITLES.talk), "", desk.memory, desk.seen())
    desk.news("A new skin is the default.", "Patrolling has a new tool.")
    desk.run()
    assert len(desk.ids) == 2
    assert re.findall("^== .*", desk.text, re.MULTILINE) == ["== To review: mediawiki =="]
    assert before is not None
    assert pages.message_edit(Page(TITLES.talk, 1, before.text), before.summary, desk.memory, desk.seen()) is None


SENTENCE = re.compile(r"^[^\\]*[a-z]{2,},? [a-z]+,? [a-z]{2,}|[a-z]\.$")
PAGES = (
    *("cards", "notices", "pages", "postlog", "proposals", "plan", "deliveries", "manners", "gather", "news"),
    *("compose", "templates", "alike", "forms", "review", "intake", "rhythm", "mind"),
)


@pytest.mark.parametrize("name", PAGES)
def test_no_sentence_stands_in_the_code(name: str) -> None:
    tree = ast.parse(Path(messages.__file__).with_name(f"{name}.py").read_text("utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs]
    assert [text for text in texts if isinstance(text, str) and SENTENCE.search(text)] == []

"""The exact words of each channel, what is wrong with them, and the digest a decision is bound to."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from smbot import compose
from smbot.channels import mastodon
from smbot.model import Can, Candidate, Image, Rules, Text
from smbot.settings import Account
from tests.builders import ACCOUNTS, CHANNEL, NOW, RULES

FULL = Candidate(
    ("mediawiki", "wikitech"),
    "Words.",
    (("wikitech", "Other words."),),
    "https://example.org/a",
    "A.png",
    "An A.",
    NOW,
    NOW + timedelta(days=1),
)

# one account on three networks: threads are allowed and there on the first, but not there on the second
WIDE = {"wide": Account("wide", ("mastodon", "irc", "bluesky"), frozenset(), threads=frozenset({"mastodon", "irc"}))}
WIDE_RULES = {
    "wide/mastodon": Rules("Mastodon", 50, len, can=frozenset({Can.THREAD})),
    "wide/irc": Rules("IRC", 100, len, bytes=100, images=0),
    "wide/bluesky": Rules("Bluesky", 40, len, can=frozenset({Can.THREAD})),
}
LONG = "The first sentence is here. The second sentence is here. The third."


def wide(text: str, **more: object) -> dict[str, Text]:
    """The texts for the three networks of one account, by network."""
    found = compose.texts(Candidate(("wide",), text, **more), WIDE, WIDE_RULES)  # type: ignore[arg-type]
    return {channel.split("/")[1]: text for channel, text in found.items()}


def wide_problems(text: str, **more: object) -> list[tuple[str, str]]:
    candidate = Candidate(("wide",), text, **more)  # type: ignore[arg-type]
    return [(problem.message, problem.remedy) for problem in compose.problems(candidate, WIDE, WIDE_RULES)]


def digest(candidate: Candidate, accounts: dict[str, Account] = ACCOUNTS, rules: dict[str, Rules] = RULES) -> str:
    return compose.digest(candidate, compose.texts(candidate, accounts, rules))


def problems(**changed: object) -> list[str]:
    """What is wrong with a candidate that would be fine without these changes."""
    found = compose.problems(replace(FULL, **changed), ACCOUNTS, RULES)  # type: ignore[arg-type]
    assert all(problem.remedy for problem in found)
    return [problem.message for problem in found]


def words(text: str, link: str = "") -> str:
    return compose.texts(Candidate(("mediawiki",), text, link=link), ACCOUNTS, RULES)[CHANNEL].words


def test_each_channel_gets_its_words_with_the_link_and_the_image() -> None:
    assert compose.texts(FULL, ACCOUNTS, RULES) == {
        "mediawiki/mastodon": Text("Words.\n\nhttps://example.org/a", "en", (Image("A.png", "An A."),)),
        "wikitech/mastodon": Text("Other words.\n\nhttps://example.org/a", "en", (Image("A.png", "An A."),)),
    }
    assert compose.texts(replace(FULL, accounts=("nobody",)), ACCOUNTS, RULES) == {}


@pytest.mark.parametrize(
    ("text", "appended"),
    [
        ("See https://example.org/a now", False),
        ("See https://example.org/a.", False),
        ("(https://example.org/a)", False),
        ("See https://example.org/a", False),
        ("See https://example.org/about", True),
        ("See https://example.org/a/b and https://example.org/a.html", True),
        ("See https://example.org/a?b=c", True),
        ("No address", True),
    ],
)
def test_the_link_stands_in_the_words_once(text: str, appended: bool) -> None:
    link = "https://example.org/a"
    assert words(text, link) == (f"{text}\n\n{link}" if appended else text)
    assert words(words(text, link), link) == words(text, link)


def test_a_link_alone_is_a_post_and_words_are_in_one_normal_form() -> None:
    assert words("", "https://example.org/a") == "https://example.org/a"
    assert words("e\u0301") == "é"


CHANGES = {
    "words": {"text": "Words!"},
    "own words": {"own": (("wikitech", "Others."),)},
    "account": {"accounts": ("mediawiki",)},
    "unknown account": {"accounts": ("mediawiki", "wikitech", "nobody")},
    "language": {"language": "de"},
    "image": {"image": "B.png"},
    "no image": {"image": ""},
    "alt": {"alt": "Another A."},
    "not before": {"not_before": NOW - timedelta(minutes=1)},
    "not after": {"not_after": None},
    "link": {"link": "https://example.org/b"},
    "invisible": {"text": "Wo\u200brds."},
    "warning": {"warning": "Spiders"},
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_the_digest_changes_with_every_part_of_a_post(changed: dict[str, object]) -> None:
    assert digest(replace(FULL, **changed)) != digest(FULL)  # type: ignore[arg-type]


def test_the_digest_changes_with_the_networks_of_an_account() -> None:
    more = ACCOUNTS | {"mediawiki": Account("mediawiki", ("mastodon", "bluesky"), frozenset({"Alice"}))}
    assert digest(FULL, more, RULES | {"mediawiki/bluesky": RULES[CHANNEL]}) != digest(FULL)


def test_the_digest_changes_with_how_an_account_posts() -> None:
    threads = {CHANNEL: replace(RULES[CHANNEL], characters=10, can=frozenset({Can.THREAD}))}
    candidate = Candidate(("mediawiki",), "Two words. And two.")
    before = digest(candidate, rules=threads)
    for changed in ({"visibility": "unlisted"}, {"threads": frozenset({"mastodon"})}):
        assert digest(candidate, {"mediawiki": replace(ACCOUNTS["mediawiki"], **changed)}, threads) != before  # type: ignore[arg-type]


def test_approvals_of_what_an_earlier_smbot_could_do_outlive_an_update() -> None:
    assert digest(FULL) == "a926704837ea43a5"


@pytest.mark.parametrize(
    "changed",
    [{"notes": "x"}, {"accounts": ("wikitech", "mediawiki")}, {"not_before": NOW + timedelta(seconds=30)}],
    ids=["notes", "order", "seconds"],
)
def test_the_digest_changes_with_nothing_else(changed: dict[str, object]) -> None:
    assert digest(replace(FULL, **changed)) == digest(FULL)  # type: ignore[arg-type]


@given(st.tuples(st.text(max_size=9), st.text(max_size=9)), st.tuples(st.text(max_size=9), st.text(max_size=9)))
@settings(max_examples=100, deadline=None)
def test_two_posts_share_a_digest_only_when_they_are_the_same(one: tuple[str, str], other: tuple[str, str]) -> None:
    a, b = (Candidate(("mediawiki",), text, image="A.png", alt=alt) for text, alt in (one, other))
    same = compose.texts(a, ACCOUNTS, RULES) == compose.texts(b, ACCOUNTS, RULES)
    assert (digest(a) == digest(b)) == same


def test_a_good_candidate_has_no_problem() -> None:
    assert problems() == []


def test_too_long_says_by_how_much_and_nothing_is_cut() -> None:
    (said,) = problems(text="x" * 500, link="", own=(("wikitech", "y" * 503),))
    assert said == "The words for wikitech on mastodon are 3 characters too long (limit 500)."
    assert problems(text="x" * 500, link="", own=(("wikitech", "y" * 500),)) == []
    assert len(words("x" * 700)) == 700


def test_the_nearest_words_of_its_own_are_those_of_a_channel() -> None:
    own = (("bluesky", "On Bluesky."), ("irc", "On IRC."), ("wide", "By wide."), ("wide/irc", "By wide on IRC."))
    assert {network: text.words for network, text in wide("For all.", own=own).items()} == {
        "mastodon": "By wide.",
        "irc": "By wide on IRC.",
        "bluesky": "On Bluesky.",
    }
    assert wide("For all.")["irc"].words == "For all."


def test_words_for_what_is_no_account_or_network_of_the_post_are_told_with_those_there_are() -> None:
    own = (("mastodon", "a"), ("wide", "a"), ("wide/irc", "a"))
    assert wide_problems("a", own=own) == []
    found = wide_problems("a", own=(*own, ("myspace", "a"), ("other/irc", "a"), ("wide/x", "a")))
    assert [message.split("’")[0] for message, _ in found] == [
        f"There are words for ‘{name}" for name in ("myspace", "other/irc", "wide/x")
    ]
    assert all("wide, mastodon, irc, bluesky" in remedy for _, remedy in found)


POSTS = {
    "x": [
        "https://x.com/foo/status/123?s=20",
        "https://mobile.twitter.com/foo/status/123/",
        "https://www.x.com/i/web/status/1",
        "https://x.com/foo/status/123/photo/1",
    ],
    "bluesky": [
        "https://bsky.app/profile/foo.bsky.social/post/3k2aexample",
        "https://bsky.app/profile/did:plc:abc/post/3k2a/",
    ],
    "facebook": [
        "https://www.facebook.com/wikipedia/posts/pfbid02abc?ref=1",
        "https://www.facebook.com/wikipedia/posts/some-words/1234/",
        "https://m.facebook.com/story.php?story_fbid=1&id=2",
        "https://www.facebook.com/permalink.php?id=2&story_fbid=1",
        "https://www.facebook.com/groups/wikis/permalink/12/",
        "https://www.facebook.com/groups/wikis/posts/12/",
        "https://www.facebook.com/photo/?fbid=1&set=a.2",
        "https://www.facebook.com/watch/?v=12",
        "https://www.facebook.com/reel/12",
        "https://www.facebook.com/share/p/1AbC/",
    ],
    "mastodon": [
        "https://mastodon.social/@foo/123",
        "https://wikis.world/@foo@mastodon.social/123#replies",
        "https://mastodon.social/users/foo/statuses/123",
        "https://mastodon.social/ap/users/12/statuses/123",
        "https://gts.example/@foo/statuses/01ABC",
        "https://akkoma.example/notice/AcoUaA7",
        "https://akkoma.example/@foo/AcoUaA7",
        "https://akkoma.example/objects/0b0e1d7c-7b1c-4d2e",
        "https://misskey.example/notes/9abc",
        "https://pixelfed.example/p/foo/123",
        "https://friendica.example/display/0b0e1d7c-7b1c",
        "https://lemmy.example/post/123",
        "https://tube.example/w/9abcD",
    ],
}
NO_POSTS = [
    "https://www.mediawiki.org/wiki/News",
    "https://youtu.be/xyz",
    "https://www.youtube.com/@foo/videos",
    "https://t.me/foo/12",
    "https://fosstodon.org/@foo",
    "https://fosstodon.org/@foo/",
    "https://fosstodon.org/@foo/with_replies",
    "https://mastodon.social/users/foo",
    "https://mastodon.social/",
    "https://x.com/foo",
    "https://x.com/foo/status/",
    "https://x.com/foo/lists/123",
    "https://bsky.app/profile/foo.bsky.social",
    "https://bsky.app/profile/foo.bsky.social/feed/abc",
    "https://www.facebook.com/wikipedia",
    "https://www.facebook.com/groups/wikis/",
    "https://www.facebook.com/wikipedia/posts/",
    "https://www.facebook.com/photo/?set=a.2",
    "https://medium.com/@foo/some-words-1234",
    "https://www.tiktok.com/@foo/video/123",
    "mastodon.social/@foo/123",
    "@foo@mastodon.social",
    "",
]


@pytest.mark.parametrize(("url", "network"), [(url, network) for network, urls in POSTS.items() for url in urls])
def test_a_post_is_known_by_its_address(url: str, network: str) -> None:
    assert compose.network_of(url) == network


@pytest.mark.parametrize("url", NO_POSTS)
def test_what_is_no_post_is_nowhere(url: str) -> None:
    assert compose.network_of(url) == ""


@pytest.mark.parametrize("act", ["repost", "like"])
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://mastodon.social/@foo/123", ""),
        ("https://fosstodon.org/@foo", "Open the post by itself and copy its address."),
        ("fosstodon.org/@foo/123", "Write it in full, beginning with https://."),
    ],
)
def test_only_a_post_can_be_reposted_or_liked_and_the_remedy_is_told(act: str, url: str, said: str) -> None:
    asked = replace(Candidate(("mediawiki",), ""), **{act: url})
    remedies = [
        problem.remedy for problem in compose.problems(asked, ACCOUNTS, RULES) if "of a post" in problem.message
    ]
    assert remedies == [said] * bool(said)


def test_a_network_without_pictures_gets_the_words_alone() -> None:
    found = wide("Words.", image="A.png", alt="An A.")
    assert [bool(found[network].images) for network in ("mastodon", "irc", "bluesky")] == [True, False, True]
    assert wide_problems("Words.", image="A.png", alt="An A.") == []


# --- threads --------------------------------------------------------------------------------------------------------


def test_words_too_long_for_one_post_become_a_thread_where_the_settings_allow_it() -> None:
    found = wide(LONG)
    assert found["mastodon"].parts == ("The first sentence is here.", "The second sentence is here. The third.")
    assert found["irc"].parts == found["bluesky"].parts == (LONG,)


def test_lines_people_draw_part_a_thread_and_are_a_blank_line_elsewhere() -> None:
    found = wide("One.\n---\nTwo.\n-----\n")
    assert found["mastodon"].parts == ("One.", "Two.")
    assert found["irc"].parts == found["bluesky"].parts == ("One.\n\nTwo.",)
    assert wide(f"One.\n---\n{LONG}")["mastodon"].parts == ("One.", *wide(LONG)["mastodon"].parts)


def test_the_link_is_in_the_last_post_and_never_all_of_it() -> None:
    link = "https://example.org/a"
    for size in range(1, 60):
        *first, last = wide(("Word. " * size).strip(), link=link)["mastodon"].parts
        assert last.endswith(f"Word.\n\n{link}")
        assert not any(link in part for part in first)
    assert wide("One.\n---\nTwo.", link=link)["mastodon"].parts == ("One.", f"Two.\n\n{link}")


def test_every_post_of_a_thread_has_room_for_the_warning_and_the_first_for_the_credit() -> None:
    narrow = {"a/mastodon": Rules("Mastodon", 200, len, bytes=300, can=frozenset({Can.THREAD}))}
    accounts = {"a": Account("a", ("mastodon",), frozenset(), threads=frozenset({"mastodon"}))}
    candidate = Candidate(("a",), "ଓଡ଼ିଆ. " * 40 + "Word. " * 40, image="A.png", alt="A", warning="ମାଙ୍କଡ଼ସା")
    text = compose.texts(candidate, accounts, narrow)["a/mastodon"]
    shown = compose.credited(text, "J. " * 20 + "Doe, CC BY-SA 4.0")
    assert len(text.parts) > 3
    for part in shown.parts:
        whole = f"{candidate.warning}\n\n{part}"
        assert len(whole) <= 200
        assert len(whole.encode()) <= 300
    assert compose.problems(candidate, accounts, narrow, {"a/mastodon": shown}) == ()


def test_a_warning_costs_what_it_says() -> None:
    dear = Rules("X", 280, len, mills=lambda words: 200 if "https:" in words else 15)
    text = Text("One.", rest=("https://example.org/two",))
    assert compose.costs(text, dear) == [15, 200]
    assert compose.costs(replace(text, warning="https://example.org/spiders"), dear) == [200, 200]


def test_a_link_is_written_in_percents_only_where_other_letters_would_end_it() -> None:
    link = "https://or.wikipedia.org/wiki/ଓଡ଼ିଆ_ଭାଷା?a=b%20c#ମୂଳ"
    rules = {"wide/mastodon": RULES[CHANNEL], "wide/irc": RULES[CHANNEL]}
    rules["wide/bluesky"] = replace(RULES[CHANNEL], plain_links=True)
    found = compose.texts(Candidate(("wide",), "Words.", link=link), WIDE, rules)
    assert found["wide/mastodon"].words == f"Words.\n\n{link}"
    plain = found["wide/bluesky"].words.removeprefix("Words.\n\n")
    assert plain.isascii()
    assert "?a=b%20c#%E0" in plain
    assert unquote(plain) == unquote(link)


def test_a_warning_counts_with_the_words() -> None:
    assert compose.length("Words.", WIDE_RULES["wide/irc"], "Spiders") == len("Spiders\n\nWords.")
    ((said, _),) = wide_problems("x" * 40, warning="Spiders")
    assert said == "The words for wide on Bluesky are 9 characters too long (limit 40)."


def test_what_is_too_long_says_how_it_could_be_a_thread() -> None:
    ((said, remedy),) = wide_problems("Word. " * 7 + "Words")
    assert said == "The words for wide on Bluesky are 7 characters too long (limit 40)."
    assert "‘text bluesky’" in remedy
    assert "‘threads = bluesky’" in remedy
    ((said, remedy),) = wide_problems("Short. " + "x" * 60, own=(("irc", "a"), ("bluesky", "a")))
    assert said == "The words for wide on Mastodon in post 2 of the thread are 10 characters too long (limit 50)."
    assert "A line of --- begins another post." in remedy


def test_too_many_bytes_are_told_like_too_many_characters() -> None:
    ((said, remedy),) = wide_problems("ଓ" * 40)
    assert said == "The words for wide on IRC are 20 bytes too long (limit 100 bytes)."
    assert "‘text irc’" in remedy
    assert "threads" not in remedy


def test_a_thread_has_ten_posts_at_most() -> None:
    own = (("irc", "a"), ("bluesky", "a"))
    assert wide_problems("\n---\n".join(["One."] * 10), own=own) == []
    ((said, _),) = wide_problems("\n---\n".join(["One."] * 11), own=own)
    assert said == "The words for wide on Mastodon make more than 10 posts."
    ((said, _),) = wide_problems(("Word " * 6 + "word. ") * 12, own=own)
    assert said == "The words for wide on Mastodon make more than 10 posts."
    ((said, _),) = wide_problems("x" * 700, own=own)
    assert "650 characters too long" in said


def test_what_is_hopelessly_long_is_not_parted() -> None:
    text = "Word. " * 10_000
    assert wide(text)["mastodon"].parts == (text.strip(),)


PIECES = [
    "Words.",
    "ଓଡ଼ିଆ।",
    "مرحبا؟",
    "שלום",
    "cuộc họp",
    "维基百科。",
    "👨‍👩‍👧",
    "https://example.org/a",
    "\n\n",
    "\n---\n",
]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=40), st.sampled_from(["", "Spiders"]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_every_post_of_a_thread_fits_and_together_they_say_it_all(
    pieces: list[str], warning: str, with_link: bool
) -> None:
    rules = replace(mastodon.rules({"characters": 60}), can=frozenset({Can.THREAD}))
    candidate = Candidate(
        ("wide",), " ".join(pieces), link="https://example.org/b" if with_link else "", warning=warning
    )
    text = compose.texts(candidate, WIDE, dict.fromkeys(WIDE_RULES, rules))["wide/mastodon"]
    for part in text.parts[: compose.MOST_POSTS]:
        assert compose.length(part, rules, warning) <= 60
        assert part == part.strip()
    said = "".join("".join(text.parts).split())
    assert said == "".join((candidate.text.replace("\n---\n", "") + candidate.link).split())


# --- credits --------------------------------------------------------------------------------------------------------


def test_the_credit_of_a_picture_stands_below_the_first_post_with_the_picture() -> None:
    text = Text("Words.", images=(Image("A.png", "An A."),), rest=("More.",))
    assert compose.credited(text, "Jane Doe, CC BY-SA 4.0").parts == ("Words.\n\n📷 Jane Doe, CC BY-SA 4.0", "More.")
    assert compose.credited(text, "") == text
    assert compose.credited(replace(text, images=()), "Jane Doe") == replace(text, images=())
    assert compose.credited(text, " Jane\n\u200e Doe\u202e ").words == "Words.\n\n📷 Jane Doe"


def test_a_credit_counts_where_it_is_shown() -> None:
    shown = {CHANNEL: compose.credited(Text("x" * 490, images=(Image("A.png", "A"),)), "Jane Doe")}
    candidate = Candidate(("mediawiki",), "x" * 490, image="A.png", alt="A")
    assert compose.problems(candidate, ACCOUNTS, RULES) == ()
    (problem,) = compose.problems(candidate, ACCOUNTS, RULES, shown)
    assert "2 characters too long" in problem.message


# --- what is wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"accounts": ()}, "No account is named."),
        ({"accounts": ("nobody",)}, "There is no account ‘nobody’."),
        ({"accounts": ("mediawiki",)}, "There are words for ‘wikitech’, which is no account or network of this post."),
        ({"text": "", "link": ""}, "There are no words for mediawiki."),
        ({"image": ""}, "There is an alternative text but no image."),
        ({"alt": ""}, "The image has no alternative text."),
        ({"alt": "x" * 1501}, "The alternative text is longer than 1500 characters."),
        ({"not_after": NOW}, "‘not after’ is before ‘not before’."),
        ({"language": "English"}, "‘English’ is not a language code."),
        ({"language": "EN"}, "‘EN’ is not a language code."),
        ({"link": "example.org"}, "‘example.org’ is not a web address."),
    ],
)
def test_what_is_wrong_is_told(changed: dict[str, object], message: str) -> None:
    assert message in problems(**changed)


@pytest.mark.parametrize(
    "text",
    [
        "a\u202eb",  # overrides and isolates
        "a\u2066b\u2069",
        "שלום \u202aa",
        "a\u200bb",  # zero width space, joiners between Latin letters
        "a\u200cb",
        "a\u200db",
        "a\u2060b",
        "a\ufeffb",
        "soft\u00adhyphen",
        "a\U000e0041b",  # tags
        "a\U000e007f",
        "a\u0000b",
        "a\tb",
        "a\rb",
        "a\u0085b",
        "a\u2028b",
        "a\u200eb",  # a direction mark where all runs one way
        "\u3164",
        "a\ue000",
        "a\u180eb",
    ],
)
def test_characters_that_hide_or_move_words_are_told(text: str) -> None:
    assert any("invisible" in said for said in problems(text=text))
    assert any("invisible" in said for said in problems(alt=text))
    assert any("invisible" in said for said in problems(warning=text))
    assert any("invisible" in said for said, _ in wide_problems(f"Words.\n---\n{text}"))


def test_what_stands_for_a_template_is_told_and_keeps_a_post_back() -> None:
    (said,) = [said for said in problems(text="It is ⟦CURRENTYEAR?⟧ again.") if "template" in said]
    assert said == "“⟦CURRENTYEAR?⟧” stands for a template that smbot cannot put in words."
    assert not problems(text="It is [CURRENTYEAR] again, {{CURRENTYEAR}}, and ⟦x⟧ is a schema of Z.")


@pytest.mark.parametrize(
    "text",
    [
        "Family 👨‍👩‍👧, astronaut 👩🏽‍🚀, rainbow 🏳️‍🌈, heart ❤️, 1️⃣",
        "Scotland 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f and 🇩🇪",
        "می‌خواهم",  # ZWNJ in Persian
        "क्‍ष ශ්‍රී",  # ZWJ in Devanagari and Sinhala
        "שלום \u200fMediaWiki\u200f!",
        "مرحبا \u200eMediaWiki",
        "葛\U000e0100",  # an ideographic variant
        "两行\n\nTwo lines – “quoted” … 50 %",
        "ଓଡ଼ିଆ ᱚᱞ ᠮᠣᠩᠭᠣᠯ",
    ],
)
def test_characters_that_scripts_and_emoji_need_are_fine(text: str) -> None:
    assert problems(text=text) == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://example.org", True),
        ("http://example.org/a?b=c#d", True),
        ("https://de.wikipedia.org/wiki/Ä_(Ö)", True),
        ("https://example.social/@name/1", True),
        ("https://bücher.example", True),
        ("", False),
        ("example.org", False),
        ("//example.org", False),
        ("https://localhost", False),
        ("javascript:alert(1)", False),
        ("data:text/html,a", False),
        ("ftp://example.org", False),
        ("https://example.org and more", False),
        ("https://example.org\n", False),
        ("https://example.org/a|b", False),
        ("https://example.org/]]", False),
        ("https://example.org/{{a}}", False),
        ('https://example.org/"', False),
        ("https://example.org/<b>", False),
        ("https://wikipedia.org@evil.example", False),
        ("https://user:pass@evil.example", False),
        ("https://example.org/\u202egpj", False),
        ("https://example.org\\@evil.example", False),
        ("https://[", False),
    ],
)
def test_a_web_address_is_one_whole_address_that_is_what_it_looks_like(text: str, is_one: bool) -> None:
    assert compose.is_web_address(text) == is_one

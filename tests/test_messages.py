"""What people read, in their language."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from pathlib import Path

import pytest

from smbot import messages
from smbot.messages import fill, say, speaking

SMBOT = Path(messages.__file__).parent
ENGLISH, MEANINGS = messages.messages("en"), messages.messages("qqq")
OTHERS = [language for language in messages.languages() if language != "en"]
VALUES = re.compile(r"\$[1-9]")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some messages in languages with other plurals, digits and directions."""
    texts = {
        "en": {"wait": "$1 {{PLURAL:$1|post waits|posts wait}} for $2", "by": "{{GENDER:$1|his|her|their}} post"},
        "or": {"wait": "$2 ପାଇଁ $1 {{PLURAL:$1|ପୋଷ୍ଟ|ପୋଷ୍ଟମାନ}}", "digits": "୦୧୨୩୪୫୬୭୮୯"},
        "ar": {"wait": "{{PLURAL:$1|a|b|c|d|e|f}}"},
        "fr": {"wait": "{{PLURAL:$1|un|des}}"},
    }  # fmt: skip
    monkeypatch.setattr(messages, "messages", lambda language: {"digits": "0123456789"} | texts.get(language, {}))
    messages._found.cache_clear()
    messages._digits.cache_clear()


@pytest.fixture(autouse=True)
def forget() -> object:
    yield
    messages._found.cache_clear()
    messages._digits.cache_clear()


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("language", "number", "words"),
    [
        ("en", 0, "0 posts wait for wikitech"),
        ("en", 1, "1 post waits for wikitech"),
        ("en", 10_000, "10000 posts wait for wikitech"),
        ("en-GB", 2, "2 posts wait for wikitech"),
        ("or", 1, "wikitech ପାଇଁ ୧ ପୋଷ୍ଟ"),
        ("or", 2026, "wikitech ପାଇଁ ୨୦୨୬ ପୋଷ୍ଟମାନ"),
        ("ar", 0, "a"),
        ("ar", 1, "b"),
        ("ar", 2, "c"),
        ("ar", 3, "d"),
        ("ar", 11, "e"),
        ("ar", 100, "f"),
        ("fr", 0, "un"),
        ("fr", 2, "des"),
        ("x-nobody", 1, "1 post waits for wikitech"),
    ],
)
def test_a_message_has_the_plural_and_the_digits_of_its_language(language: str, number: int, words: str) -> None:
    with speaking(language):
        assert say("wait", number, "wikitech") == words


@pytest.mark.usefixtures("told")
def test_a_value_is_never_looked_into_and_gender_is_left_to_the_wiki() -> None:
    assert say("wait", 2, "$1 {{PLURAL:$1|a|b}}") == "2 posts wait for $1 {{PLURAL:$1|a|b}}"
    assert say("by", "Alice") == "{{GENDER:Alice|his|her|their}} post"


@pytest.mark.usefixtures("told")
def test_the_language_ends_with_its_block() -> None:
    with speaking("or"), speaking("fr"):
        messages.speak("ar")
        assert messages.spoken() == "ar"
    assert messages.spoken() == "en"


@pytest.mark.usefixtures("told")
def test_marks_in_a_page_become_messages() -> None:
    with speaking("or"):
        assert fill("| ⧼digits⧽ ⧼wait¦1¦{{{account|}}}⧽ ⧼ ⧽") == "| ୦୧୨୩୪୫୬୭୮୯ {{{account|}}} ପାଇଁ 1 ପୋଷ୍ଟ ⧼ ⧽"


def test_what_is_written_from_right_to_left_is_known() -> None:
    assert [language for language in ("en", "ar", "he", "or", "fa", "nobody") if messages.is_right_to_left(language)] \
        == ["ar", "he", "fa"]  # fmt: skip


# --- the files ------------------------------------------------------------------------------------------------------


def test_every_message_says_what_it_is_for_and_its_values() -> None:
    assert ENGLISH.keys() == MEANINGS.keys()
    for key, text in ENGLISH.items():
        assert set(VALUES.findall(text)) <= set(VALUES.findall(MEANINGS[key])), (
            f"qqq.json does not explain all of {key}"
        )


def test_every_message_is_used_and_every_used_message_is_there() -> None:
    said, words, beginnings = _in_code()
    for page in (SMBOT / "onwiki").rglob("*.wikitext"):
        said |= set(re.findall(r"⧼([a-z0-9-]+)", page.read_text("utf-8")))
    for script in (SMBOT / "onwiki").rglob("*.js"):
        said |= {f"gadget-{key}" for key in re.findall(r"\bsay\(\s*'([a-z0-9-]+)'", script.read_text("utf-8"))}
        words |= {f"gadget-{key}" for key in re.findall(r"'([a-z0-9-]+)'", script.read_text("utf-8"))}
    assert said <= ENGLISH.keys(), f"not in en.json: {sorted(said - ENGLISH.keys())}"
    unused = {key for key in ENGLISH.keys() - said - words if not key.startswith(tuple(beginnings))}
    assert not unused, f"nobody says {sorted(unused)}"


def _in_code() -> tuple[set[str], set[str], set[str]]:
    """The keys that are said, all words that could be keys, and the beginnings of those put together by f-strings."""
    said, words, beginnings = {"digits"}, set[str](), {"-"}
    for file in SMBOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name(id="say") | ast.Attribute(attr="say"), args=[ast.Constant(value=str(key)), *_]
                ):
                    said.add(key)
                case ast.Call(args=[ast.JoinedStr(values=[ast.Constant(value=str(beginning)), *_]), *_]):
                    if re.fullmatch(r"[a-z-]+-", beginning):
                        beginnings.add(beginning)
                case ast.Constant(value=str(word)):
                    words.add(word)
    return said, words, beginnings


@pytest.mark.parametrize("language", [*OTHERS, "en"])
def test_a_translation_has_the_values_of_the_english_and_no_messages_of_its_own(language: str) -> None:
    there = messages.messages(language)
    assert there.keys() <= ENGLISH.keys()
    for key, text in there.items():
        used, meant = set(VALUES.findall(text)), set(VALUES.findall(MEANINGS[key]))
        assert set(VALUES.findall(ENGLISH[key])) <= used <= meant, key  # some values are only for GENDER
        assert text.count("{{") == text.count("}}"), key
        assert text.strip() == text, key
    assert len(messages._found(language, "digits")[1]) == 10


@pytest.mark.parametrize("language", [*OTHERS, "en", "qqq"])
def test_a_file_of_messages_is_banana_json_in_order(language: str) -> None:
    text = (SMBOT / "i18n" / f"{language}.json").read_text("utf-8")
    found = json.loads(text)
    assert next(iter(found)) == "@metadata"
    assert "authors" in found.pop("@metadata")
    assert list(found) == sorted(found)
    assert all(re.fullmatch(r"[a-z0-9-]+", key) and isinstance(value, str) for key, value in found.items())


@pytest.mark.parametrize("language", messages.languages())
def test_every_message_is_composed_as_mediawiki_saves_it(language: str) -> None:
    texts = messages.messages(language)
    assert [key for key, text in texts.items() if unicodedata.normalize("NFC", text) != text] == []

"""HTML becomes plain words, and excerpts end where a sentence does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smbot.htmlwords import excerpt, first_sentence, paragraphs, whole_sentences


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("", []),
        ("plain\n words", ["plain words"]),
        ("<p>One<p>Two</p>Three", ["One", "Two", "Three"]),
        ("<ul><li>One</li><li>Two</li></ul>", ["One", "Two"]),
        ("a<br>b<br/> <br />c", ["a b", "c"]),
        ("<b>Bo</b>ld &amp;amp; <i title='a > b'>slanted</i>", ["Bold & slanted"]),
        ("a < b and c > d, 1 <2", ["a < b and c > d, 1 <2"]),
        ("a &lt;br&gt; tag", ["a <br> tag"]),
        ("<!-- x > --><script>a<b</script><STYLE>p{}</style >seen", ["seen"]),
        ("<figure><img><figcaption>No</figcaption></figure><p>Yes</p>", ["Yes"]),
        ("seen<!-- unseen", ["seen"]),
        ("seen<script>unseen", ["seen"]),
        ("seen <a href='x", ["seen"]),
        ("&nbsp;&#8203;<p>&nbsp;</p>a\x00\ud800b", ["\u200b", "ab"]),
        ("<p>ଓଡ଼ିଆ 🎉</p><p>مرحبا</p>", ["ଓଡ଼ିଆ 🎉", "مرحبا"]),
    ],
)
def test_markup_goes_and_paragraphs_stay(markup: str, words: list[str]) -> None:
    assert paragraphs(markup) == words


@pytest.mark.parametrize(
    ("words", "first", "whole"),
    [
        ("No end", "No end", ""),
        ("It is all there. And mo", "It is all there. And mo", "It is all there."),
        ("This one is long enough. This is not", "This one is long enough.", "This one is long enough."),
        ("Use tools, e.g. this one. Then rest", "Use tools, e.g. this one.", "Use tools, e.g. this one."),
        ("“Is version 1.2.3 out by now?” It is", "“Is version 1.2.3 out by now?”", "“Is version 1.2.3 out by now?”"),
        ("ସେମାନେ କୋଡ଼ିଏଟି ପ୍ରସଙ୍ଗ ଲେଖିଲେ। ପୁଣି", "ସେମାନେ କୋଡ଼ିଏଟି ପ୍ରସଙ୍ଗ ଲେଖିଲେ।", "ସେମାନେ କୋଡ଼ିଏଟି ପ୍ରସଙ୍ଗ ଲେଖିଲେ।"),
        ("هل تعرف ويكي بيانات؟ نعم", "هل تعرف ويكي بيانات؟", "هل تعرف ويكي بيانات؟"),
        ("新しい版が出ました。続く", "新しい版が出ました。続く", "新しい版が出ました。"),
    ],
)
def test_sentences_end_in_every_script(words: str, first: str, whole: str) -> None:
    assert (first_sentence(words), whole_sentences(words)) == (first, whole)


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        ("A whole one. Half of […]", "A whole one."),
        ("A whole one. Half of [&#8230;]", "A whole one."),
        ("A whole one. Half of … <a>Continue reading <span>A title</span> →</a>", "A whole one."),
        ("A whole one. <a>Read more</a>", "A whole one."),
        ("A whole one. Half of...", "A whole one."),
        ("Half of […]", ""),
        ("Half of […]<p>The next paragraph.", "The next paragraph."),
        ("Continue reading", ""),
        ("Continue reading the docs, and you will know.", "Continue reading the docs, and you will know."),
        ("Wait... it works", "Wait... it works"),
        ("A whole one. The post A appeared first on B.", "A whole one."),
        ("The post office appeared.", "The post office appeared."),
    ],
)
def test_an_excerpt_ends_with_a_whole_sentence(summary: str, words: str) -> None:
    assert excerpt(summary) == words


@given(
    st.text()
    | st.lists(st.sampled_from(["<p", ">", "<", "'", '"', "<!--", "-->", "&amp;", "…", ". ", "A", "<a ", "\n"])).map(
        "".join
    )
)
def test_any_markup_yields_tidy_words(markup: str) -> None:
    found = paragraphs(markup)
    assert all(words == " ".join(words.split()) != "" for words in found)
    assert excerpt(markup) in {"", *(words[: len(excerpt(markup))] for words in found)}

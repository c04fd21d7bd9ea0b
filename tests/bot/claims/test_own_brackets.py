"""A document's own [3] is no marker: not where a model reads it, not where it copies it, and not where it is quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import prompts
from bot.claims import citations
from dashboard.rendering import markdown
from llm import brackets
from llm.prompt import Passage, Prompt
from llm.providers.anthropic import request_body
from llm.providers.extractive.provider import plain, write

TEXTS = [
    ("See [3] for the list.", r"See \[3\] for the list."),
    ("As in [1, 12] and [2].", r"As in \[1, 12\] and \[2\]."),
    ("Take `a[3]` and [3].", r"Take `a[3]` and \[3\]."),
    ("```\na[3]\n```\nand [3]", "```\na[3]\n```\nand \\[3\\]"),
    ("Error [404], year [2024].", "Error [404], year [2024]."),
    ("[1](https://example.com)", "[1](https://example.com)"),
    ("[x] and [ ] and []", "[x] and [ ] and []"),
    (r"Escaped \[3\] already.", r"Escaped \[3\] already."),
    ("", ""),
]


@pytest.mark.parametrize(("text", "escaped"), TEXTS)
def test_what_a_model_reads_is_escaped_where_it_looks_like_a_marker(text: str, escaped: str) -> None:
    assert brackets.escaped(text) == escaped
    assert brackets.escaped(escaped) == escaped
    assert citations.numbers(brackets.escaped(text).replace("[1](", "(")) == []


@given(st.text(st.sampled_from("\\\\[]1`\n( a"), max_size=20) | st.sampled_from([r"`\[1\]`", r"\[1\](x)", r"\\[1\]"]))
def test_what_is_read_back_is_sent_as_it_was(text: str) -> None:
    """Code, links, and what was escaped by whoever wrote it: a checksum is of what is sent."""
    sent = brackets.escaped(text)
    assert brackets.escaped(brackets.unescaped(sent)) == sent
    if "\\" not in text:
        assert brackets.unescaped(sent) == text


def test_a_prompt_is_read_back_as_it_was() -> None:
    passages = (Passage(1, "", "Seats [2]", "See [3].\n\n[2] Not a passage."), Passage(2, "", "B", "Plain."))
    asked = prompts.asking("How many?", passages)
    assert r"\[3\]" in asked
    found, question = prompts.read(asked)
    assert ([(each.heading, each.text) for each in found], question) == (
        [("Seats [2]", "See [3].\n\n[2] Not a passage."), ("B", "Plain.")],
        "How many?",
    )
    assert prompts.asking(question, found) == asked


def test_anthropic_reads_the_same() -> None:
    prompt = Prompt("s", "q", "", (Passage(1, "T [4]", "", "See [3]."),))
    result = request_body(prompt, "m")["messages"][0]["content"][0]
    assert (result["title"], result["content"][0]["text"]) == (r"[1] T \[4\]", r"See \[3\].")


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("said", "cited", "invalid"),
    [
        (r"See \[3\] for seats [1].", [1], 0),
        (r"See \[3\] [2]. And \[1, 2\] too [1]", [2, 1], 0),
        ("See [12] for seats [1].", [1], 0),  # bare, of no passage, and the document's own
        ("See [9] for seats [1].", [1], 1),
        (r"A path C:\[1] [1]", [1], 0),
        (r"Ends with \ [1]", [1], 0),
    ],
)
def test_what_a_model_copies_stays_text_and_cites_nothing(said: str, cited: list[int], invalid: int, size: int) -> None:
    pieces = [said[start : start + size] for start in range(0, len(said), size)]
    renumbered = citations.Renumbered(pieces, 4, {3, 12})
    text = "".join(renumbered)
    assert (renumbered.cited, renumbered.invalid) == (cited, invalid)
    assert sorted(set(citations.numbers(text))) == list(range(1, len(cited) + 1))
    if "12" in said:
        assert "12]" in text


def test_a_quoted_sentence_keeps_its_brackets_and_they_lead_nowhere() -> None:
    passage = Passage(1, "Plans", "", "Seats are listed in [2] and cost 5 dollars each.")
    said = "".join(write("How much do seats cost?", (passage,)))
    renumbered = citations.Renumbered([said], 3)
    text = "".join(renumbered)
    assert renumbered.cited == [1]
    assert "2]" in text
    source = markdown.CitedSource(2, "/elsewhere/", "Another document")
    assert "/elsewhere/" not in markdown.answer(text, [markdown.CitedSource(1, "/here/", "Plans"), source])


def test_footnote_marks_are_left_out_as_ever() -> None:
    assert plain("Plans are annual.[12] They end.") == "Plans are annual. They end."


def test_what_was_shown_is_not_taken_for_a_marker_when_it_is_read_again() -> None:
    kept = "".join(citations.Renumbered([r"See \[3\] [2]."], 4))
    assert citations.renumber(kept, {1: 2}) == kept.replace("[1]", "[2]")

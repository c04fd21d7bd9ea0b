"""What a voice begins and ends with is there once, whoever wrote the answer."""

import pytest

from bot.models import Voice
from bot.voices import framing, style

OPENING, CLOSING = "Hi there, thanks for asking!", "Cheers, the Acme team"
VOICE = Voice(name="default", version=1, opening=OPENING, closing=CLOSING)
BODY = "Annual plans can be refunded [1]."

KEPT = [
    f"{OPENING} {BODY}",
    f"HI THERE. Thanks for asking: {BODY}",
    f"**Hi there, thanks for asking!**\n\n{BODY}",
    f"\n\n“Hi there, thanks for asking” - {BODY}",
    f"> Hi there, thanks for asking!\n\n{BODY}",
    f"Hi there 👋, thanks for asking! {BODY}",
]
PARTS = [
    f"Hi there! {BODY}",
    f"Hi there, {BODY}",
    f"*Hi there*,\n{BODY}",
    f"Hi! {BODY}",
    f"Hello! {BODY}",
    f"Hallo, {BODY}",
    f"Hi there, thanks! {BODY}",
    BODY,
]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("text", KEPT)
def test_a_model_that_wrote_the_opening_keeps_its_own(text: str, size: int) -> None:
    written = framing.Opened((text[at : at + size] for at in range(0, len(text), size)), OPENING)
    assert "".join(written) == text
    assert written.added == ""


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("text", PARTS)
def test_an_opening_that_is_missing_in_whole_or_in_part_is_there_once(text: str, size: int) -> None:
    written = framing.Opened((text[at : at + size] for at in range(0, len(text), size)), OPENING)
    assert "".join(written) == f"{OPENING}\n\n{BODY}"


@pytest.mark.parametrize(
    ("opening", "text"),
    [
        ("No problem, here you go:", "No, annual plans cannot be refunded [1]."),
        ("Yes.", "Yes we can [1]."),
        ("The short answer:", "The short notice, once given, counts [1]."),
        ("The short answer:", "The answer is 5 [1]."),
        ("Hi", "High availability costs more [1]."),
        ("Our pleasure!", "Our plans, old and new, can be refunded [1]."),
        ("👋", "Annual plans [1]."),
        ("Ahoy!", "| Plan | Price |\n|---|---|\n| Pro | $10 |"),
        ("Ahoy!", "```\nahoy()\n```"),
        ("Ahoy!", "x"),
    ],
)
def test_facts_are_not_taken_for_a_part_of_the_opening(opening: str, text: str) -> None:
    wanted = text if opening == "Yes." else f"{opening}\n\n{text}"
    assert framing.opened(text, opening) == wanted
    assert "".join(framing.Opened(iter(text), opening)) == wanted


def test_the_opening_is_shown_with_the_first_words() -> None:
    shown = iter(framing.Opened(iter(["Annual ", "plans ", "can"]), OPENING))
    assert next(shown) == f"{OPENING}\n\nAnnual "


def test_nothing_is_said_around_nothing() -> None:
    assert framing.opened("", OPENING) == ""
    assert framing.opened(" \n", OPENING).strip() == ""
    assert framing.closed("", CLOSING) == ""
    assert framing.opened(BODY, "") == BODY
    assert framing.closed(BODY, " ") == ""


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        (BODY, f"\n\n{CLOSING}"),
        (f"{BODY} Cheers, the Acme team", ""),
        (f"{BODY}\n\n**cheers - the acme team!** 🎉", ""),
        (f"{BODY} Cheers, the Acme team [1]", ""),
        (f"{BODY}\n\nCheers,", " the Acme team"),
        (f"{BODY} Cheers", ", the Acme team"),
        (f"{BODY}\nCheers, the Acme", " team"),
        ("The Acme team [1]", f"\n\n{CLOSING}"),
        ("| a |\n|---|\n| b |", f"\n\n{CLOSING}"),
    ],
)
def test_the_closing_is_there_once(text: str, follows: str) -> None:
    assert framing.closed(text, CLOSING) == follows
    assert "closing" not in style.faults(VOICE, text + follows)
    assert framing.closed(text + follows, CLOSING) == ""


@pytest.mark.parametrize("text", [*KEPT, BODY])
@pytest.mark.parametrize("end", ["", f" {CLOSING}", f"\n\n*{CLOSING}*", f"\n\n{CLOSING} [1]"])
def test_the_bare_answer_is_without_both(text: str, end: str) -> None:
    assert framing.bare(text + end, VOICE) == BODY


def test_a_bare_answer_loses_nothing_else() -> None:
    for text in ("- **30 days**", "Hi, **30 days** [1]", "Cheers to all [1].", '"Quoted" [1]'):
        assert framing.bare(text, VOICE) == text
    assert framing.bare(f"{OPENING}\n\n- one [1]\n- two", VOICE) == "- one [1]\n- two"

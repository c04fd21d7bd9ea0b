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
    f"Hi, {BODY}",
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


def test_what_follows_a_greeting_keeps_its_form() -> None:
    assert framing.opened("Hi! **30 days** [1]", OPENING) == f"{OPENING}\n\n**30 days** [1]"
    assert framing.opened("Hi there,\n\n- one [1]", OPENING) == f"{OPENING}\n\n- one [1]"


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


@pytest.mark.parametrize("text", [*KEPT, *PARTS])
@pytest.mark.parametrize(
    "end", ["", "\n\nCheers!", " *Cheers,*", f" {CLOSING}", f"\n\n*{CLOSING}*", f"\n\n{CLOSING} [1]"]
)
def test_the_bare_answer_is_without_both(text: str, end: str) -> None:
    assert framing.bare(text + end, VOICE) == BODY


def test_a_bare_answer_loses_nothing_else() -> None:
    assert framing.bare("Hi, **30 days** [1]", VOICE) == "**30 days** [1]"
    for text in ("", "- **30 days**", "Cheers to all [1].", '"Quoted" [1]'):
        assert framing.bare(text, VOICE) == text
    assert framing.bare(f"{OPENING}\n\n- one [1]\n- two", VOICE) == "- one [1]\n- two"


def test_apostrophes_of_typographers_are_the_same_words() -> None:
    voice = Voice(name="default", version=1, opening="Here's the answer:", banned_phrases=["don't worry"])
    for sign in "'’":  # noqa: RUF001
        assert framing.opened(f"Here{sign}s the answer: yes [1].", voice.opening) == f"Here{sign}s the answer: yes [1]."
        assert style.faults(voice, f"Here{sign}s the answer: don{sign}t worry [1].") == ["banned: don't worry"]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize(
    ("opening", "said"),
    [
        ("Hello! Happy to help.", "Hello there! Happy to help."),
        ("Hello! Happy to help.", "Happy to help!"),
        ("Hi there, thanks for asking!", "Thanks for asking!"),
        ("Hi there, thanks for asking!", "Hello! Thanks for asking:"),
        ("Hi there, thanks for asking!", "Hi! Hello there, thanks for asking,"),
        ("Hallo! Gute Frage. Hier die Antwort:", "Guten Tag! Gute Frage. Hier die Antwort:"),
        ("Bonjour ! Merci beaucoup.", "Bonsoir ! Merci beaucoup !"),
    ],
)
def test_no_clause_of_the_opening_is_said_twice(opening: str, said: str, size: int) -> None:
    text = f"{said} {BODY}"
    written = framing.Opened((text[at : at + size] for at in range(0, len(text), size)), opening)
    assert "".join(written) == f"{opening}\n\n{BODY}"


@pytest.mark.parametrize("text", ["Happy to help, admins can refund it [1].", "Thanks to the plan, you can [1]."])
def test_what_only_begins_like_a_clause_is_kept(text: str) -> None:
    opening = "Hello! Thanks. Here to help."
    assert framing.opened(text, opening) == f"{opening}\n\n{text}"
    assert "".join(framing.Opened(iter(text), opening)) == f"{opening}\n\n{text}"


@pytest.mark.parametrize(
    ("end", "follows"),
    [
        (" Happy to help! Cheers,", " the Acme team"),
        ("\n\nHappy to help!", " Cheers, the Acme team"),
        ("\n\nHappy to help! *Cheers, the Acme*", " team"),
        (" We are happy to help!", "\n\nHappy to help! Cheers, the Acme team"),
    ],
)
def test_no_sentence_of_the_closing_is_said_twice(end: str, follows: str) -> None:
    closing = "Happy to help! Cheers, the Acme team"
    assert framing.closed(BODY + end, closing) == follows
    assert framing.closed(BODY + end + follows, closing) == ""

"""What an edit says that no passage does is found, in whatever notation; what only sounds otherwise is left alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from tuning.examples import triage
from tuning.examples.triage import Edit
from tuning.models import EditKind

CASES = Path(__file__).parents[3] / "benchmarks" / "triage_cases.jsonl"
PASSAGE = "The Team plan costs $12. Refunds take 30 days; exports are kept for 14 days. It cannot be undone."
BEFORE = "The Team plan costs $12 [1]. It cannot be undone [1]."


def judged(edited: str, original: str = BEFORE, **more: Any) -> tuple[EditKind, list[str]]:
    found = triage.judge(Edit(original, edited, passages=[PASSAGE], **more))
    return found.kind, [each.text for each in found.unsupported]


def test_of_the_cases_written_beforehand_nearly_all_are_judged_right() -> None:
    cases = [json.loads(line) for line in CASES.read_text().splitlines()]
    right = facts = said = 0
    for case in cases:
        fields = {name: case[name] for name in ("original", "edited", "passages", "said", "phrases")}
        kind = triage.judge(Edit(**fields)).kind
        right += kind == case["kind"] == EditKind.FACT
        facts += case["kind"] == EditKind.FACT
        said += kind == EditKind.FACT
    assert len(cases) >= 120
    assert right / facts >= 0.93
    assert right / said >= 0.95


@pytest.mark.parametrize(
    ("edited", "kind", "unsupported"),
    [
        (BEFORE, EditKind.NONE, []),
        ("Hello! The Team plan is 12 USD [1]. It cannot be undone [1].", EditKind.STYLE, []),
        ("- The Team plan costs $12 [1].\n- It cannot be undone [1].", EditKind.FORMAT, []),
        ("NOT_IN_DOCS", EditKind.REFUSAL, []),
        ("The Team plan costs $13 [1]. It cannot be undone [1].", EditKind.FACT, ["$13"]),
        ("The Team plan costs $12 [1]. It can be undone [1].", EditKind.FACT, ["It can be undone [1]."]),
        ("The Team plan costs $12 [1]. Dear [NAME_1], it cannot be undone [1].", EditKind.STYLE, []),
        ("Refunds take 14 days [1].", EditKind.STYLE, []),
    ],
)
def test_kinds_of_edits(edited: str, kind: EditKind, unsupported: list[str]) -> None:
    assert judged(edited) == (kind, unsupported)


def test_a_claim_that_stood_there_before_is_shown_but_was_not_edited_in() -> None:
    kind, spans = judged("Hi! It takes 99 days [1].", original="It takes 99 days [1].")
    assert (kind, spans) == (EditKind.STYLE, ["99 days"] if spans == ["99 days"] else ["99"])


def test_the_voice_and_the_conversation_are_no_facts() -> None:
    opening = "Ahoy from the 24/7 crew of Acme!"
    assert judged(f"{opening} {BEFORE}", phrases=[opening]) == (EditKind.STYLE, [])
    assert judged(f"For your 77 seats: {BEFORE}", said=["We have 77 seats."]) == (EditKind.STYLE, [])
    assert judged(f"Write to help@acme.example. {BEFORE}")[0] == EditKind.FACT
    assert judged(f"Write to help@acme.example. {BEFORE}", known=["help@acme.example"])[0] == EditKind.STYLE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "```\n",
        "0000000000000000000000000",
        "1.2.3.4.5.6",
        "$" * 50,
        "99/99/2024",
        "٣٠ يوم",
        "\N{GRINNING FACE}" * 20,
    ],
)
def test_whatever_is_typed_is_judged(text: str) -> None:
    assert triage.judge(Edit(BEFORE, text, passages=[PASSAGE])).kind in EditKind

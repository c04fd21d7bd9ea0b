"""What is seen of a model's sentences, and what is left alone."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.claims import amending, checking, statements
from bot.claims.checking import Checking, Fault

REFUNDS = """Refunds

Annual plans can be refunded in full within 30 days of purchase. After 30 days, an annual plan is not refunded.
Only an Owner can request a refund under Settings > Billing. Refunds have been paid by Rigel Bank since March 2021.
"""
EXPORTS = """Exports

Projects can be exported as CSV from the project menu by an Owner. Exports are kept for 45 days and then deleted.
Write to exports@a.example if a file is missing. There are the plans Solo and Studio.
"""
QUESTION = "Can annual plans be refunded at Thornfield?"


def check(answer: str) -> list[tuple[Fault | None, str]]:
    return [(each.fault, each.what) for each in Checking([REFUNDS, EXPORTS], [QUESTION]).sentences(answer)]


@pytest.mark.parametrize(
    ("answer", "fault", "what"),
    [
        ("Annual plans can be refunded in full within 60 days of purchase [1].", Fault.NUMBER, "60 days"),
        # 45 days stands there, of something else
        ("Annual plans can be refunded in full within 45 days of purchase [1].", Fault.NUMBER, "45 days"),
        ("Refunds have been paid by Rigel Bank since March 2019 [1].", Fault.DATE, "March 2019"),
        ("Refunds have been paid by Zephyr Bank since March 2021 [1].", Fault.NAME, "Zephyr Bank"),
        ("Write to refunds@b.example if a file is missing [2].", Fault.ADDRESS, "refunds@b.example"),
        ("Annual plans cannot be refunded in full within 30 days of purchase [1].", Fault.REVERSED, ""),
        ("After 30 days, an annual plan is refunded [1].", Fault.REVERSED, ""),
        (
            "Our founders met in a garage near Lisbon, sold bicycles and raised money from relatives [1].",
            Fault.NAME,
            "Lisbon",
        ),
        ("Projects can be exported as CSV from the project menu by an Owner [1].", Fault.MISCITED, ""),
    ],
)
def test_a_planted_error_is_seen(answer: str, fault: Fault, what: str) -> None:
    assert check(answer) == [(fault, what)]


@pytest.mark.parametrize(
    "answer",
    [
        "Annual plans can be refunded in full within 30 days of purchase [1].",
        "You get all of your money back if you ask within thirty days [1].",
        "Yes, you have it all back if you ask within a month or so [1].",
        "No, after 30 days an annual plan is not refunded [1].",
        "An Owner asks for the refund at Thornfield under Settings > Billing [1].",
        "There are two plans: Solo and Studio [2].",
        "Hello there, and thank you for asking!",
        "Which of the 3 plans do you have?",
        "The documents do not say whether Zephyr Bank pays refunds since 2019.",
        "## Key Features Of Refunds",
        "```\ncurl --days 99 https://c.example/refund [1]\n```",
        "| Plan | Days |\n|---|---|\n| Solo | 99 |",
        "Code Expiry: an annual plan is not refunded after 30 days [1].",
        "1. Open Settings > Billing [1]\n2. Request a refund as an Owner [1]",
        "Ouvrez les paramètres de facturation, puis demandez un remboursement de 99 euros auprès de Zephyr [1].",
        "Jahrespläne werden innerhalb von 99 Tagen nach dem Kauf vollständig zurückerstattet [1].",
        "年間プランは購入から99日以内であれば全額返金されます [1]。",
        "",
    ],
)
def test_what_is_right_or_cannot_be_known_is_left_alone(answer: str) -> None:
    assert [fault for fault, _ in check(answer) if fault] == []


def test_what_stands_in_another_passage_is_cited_wrongly_and_not_untrue() -> None:
    (found,) = Checking([REFUNDS, EXPORTS]).sentences("Exports are kept for 45 days and then deleted [1].")
    assert (found.fault, found.best, found.is_untrue) == (Fault.MISCITED, 2, False)


def test_a_passage_that_lacks_the_number_is_not_the_one_that_says_it() -> None:
    """future-agi/future-agi#1225: two passages of nearly the same words."""
    check = Checking(["Python 3.12 released Oct 2023", "Java 21 released Sep 2023"], ["When was it released?"])
    wrong, right = check.sentences("Python 3.12 was released in 2023 [2].\n\nPython 3.12 was released in 2023 [1].")
    assert (wrong.fault, wrong.best, right.fault) == (Fault.MISCITED, 1, None)


@pytest.mark.parametrize("answer", ["IDK", "False.", "Yes!"])
def test_what_says_nothing_is_no_fault(answer: str) -> None:
    """vibrantlabsai/ragas#878 and #609: an answer without a statement is neither right nor wrong."""
    assert [each.fault for each in Checking([REFUNDS]).sentences(answer)] == [None]


def test_a_strange_sentence_is_untrue_only_where_it_cites() -> None:
    said = "our founders met in a garage near the beach, sold old bicycles and raised money from relatives"
    cited, plain = Checking([REFUNDS]).sentences(f"{said} [1].\n\n{said}.")
    assert (cited.is_untrue, plain.is_untrue) == (True, False)


def test_over_nothing_nothing_is_known() -> None:
    assert [each.share for each in Checking([]).sentences("Refunds take 99 days [1].")] == [None]


@pytest.mark.parametrize(
    ("answer", "gone", "left"),
    [
        ("One is here [1]. Two is there [2].", 1, "One is here [1]."),
        ("One is here. Two is there. [1]", 1, "One is here. [1]"),
        ("- One [1]\n- Two [1]\n- Three [1]", 1, "- One [1]\n- Three [1]"),
        ("Do this:\n\n- One [1]\n\nThen rest [2].", 1, "Then rest [2]."),
        ("First line here [1].\n\nSecond line here [2].\n\nThird line.", 1, "First line here [1].\n\nThird line."),
        ("## Head\n\nOnly this [1].", 1, ""),
    ],
)
def test_a_sentence_goes_with_what_introduced_it_alone(answer: str, gone: int, left: str) -> None:
    found = Checking([]).sentences(answer)
    assert amending.without(answer, found, [found[gone]]) == left


def test_markers_are_put_behind_sentences_in_place_of_others() -> None:
    answer = "One is here. Two is there [2].\n\n- Three *stands* [1]"
    one, two, three = Checking([]).sentences(answer)
    assert amending.marked(answer, {one: 3, two: 1, three: 2}) == (
        "One is here. [3] Two is there. [1]\n\n- Three *stands* [2]"
    )


def test_a_marker_belongs_to_what_is_before_it() -> None:
    read = statements.read("First. [1] Second [2]. Third.\n\nFourth:\n- Fifth [3]\n- `x [4]`")
    assert [unit.own for unit in read] == [(1,), (2,), (), (), (3,), ()]


@pytest.mark.parametrize(
    ("question", "answer", "near", "quoted", "beside"),
    [
        ("Who founded the bakery?", "Projects can be exported as CSV [1].", 0.12, 0.1, True),
        ("Who founded the bakery?", "Projects can be exported as CSV [1].", 0.5, 0.4, False),  # near in meaning
        ("How do I export projects?", "Projects can be exported as CSV [1].", 0.1, 0.1, False),  # shares words
        ("Who founded the bakery?", "The documents do not say who did [1].", 0.1, 0.1, False),
        ("Who founded the bakery?", "Which export do you mean [1]?", 0.1, 0.1, False),
        ("Wer hat eigentlich die Bäckerei gegründet?", "Projects can be exported as CSV [1].", 0.1, 0.1, False),
        ("Can I export projects?", "Yes [1].", 0.5, 0.1, False),  # near, and nothing in it to be quoted
        ("Who founded the bakery?", "Yes [1].", 0.1, 0.1, True),
        ("And then?", "Projects can be exported as CSV [1].", 0.1, 0.1, False),
    ],
)
def test_an_answer_beside_the_question(question: str, answer: str, near: float, quoted: float, beside: bool) -> None:
    assert checking.is_beside(answer, [question], [EXPORTS], near, quoted) == beside


GERMAN = """Rückerstattung

Jahrespläne werden innerhalb von 30 Tagen vollständig erstattet.
Nach dem 1. März 2024 kostet der Plan 1.200 Euro im Jahr.
Monatliche Pläne werden nicht erstattet. Fragen beantwortet Frau Keller unter hilfe@a.example.
"""


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("Jahrespläne werden innerhalb von 30 Tagen vollständig erstattet [1].", None),
        ("Die Erstattung eines Jahresplans ist innerhalb von dreißig Tagen möglich [1].", None),
        ("Der Plan kostet seit dem 01.03.2024 im Jahr 1200 € [1].", None),
        ("Nein, monatliche Pläne werden nicht erstattet [1].", None),
        ("Jahrespläne werden innerhalb von 60 Tagen vollständig erstattet [1].", Fault.NUMBER),
        ("Der Plan kostet seit dem 1. März 2025 im Jahr 1.200 Euro [1].", Fault.DATE),
        ("Monatliche Pläne werden vollständig erstattet, und Fragen beantwortet Frau Zander [1].", Fault.NAME),
        ("Jahrespläne werden innerhalb von 30 Tagen nicht vollständig erstattet [1].", Fault.REVERSED),
    ],
)
def test_in_german(answer: str, fault: Fault | None) -> None:
    (found,) = Checking([GERMAN], ["Werden Jahrespläne erstattet?"]).sentences(answer)
    assert found.fault == fault


PIECES = st.sampled_from(
    ["Plans", " are", " not", " refunded", " in 30 days", " 1.2.3", "٣", "²", ". ", "? ", ": ", "\n", "\n\n", "- ",
     "1. ", "|a|", "[1]", " [2, 3]", "[99]", "`[1]`", "```", "**", "##", "“", "Zoë ", "5/6/2024", "$1,2", "日本",
     "(", ")", "https://a.b/c", "\r", "May"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join), st.lists(PIECES, max_size=20).map("".join))
def test_whatever_is_written_is_read_and_taken_apart(answer: str, passage: str) -> None:
    found = Checking([passage, REFUNDS], [QUESTION]).sentences(answer)
    spans = [(each.statement.start, each.statement.end) for each in found]
    assert spans == sorted(spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert amending.without(answer, found, []) == answer.strip()
    assert len(amending.without(answer, found, found[:2])) <= len(answer) + 12
    amending.marked(answer, dict.fromkeys(found, 1))


LONG = [
    "[1", "**", "a: ", "[1] ", "- ", "(", "1. ", "not ", "|", "a", "_", ".", "1", "1.", "Zephyr Alpha ", "a@", "-",
    "  ",
]  # fmt: skip


@pytest.mark.parametrize("piece", LONG)
def test_a_long_run_of_signs_is_gone_through_once(piece: str) -> None:
    began = time.process_time()
    long = piece * (20_000 // len(piece))
    Checking([REFUNDS, EXPORTS, long], [long]).sentences(f"{long}x [1].")
    assert time.process_time() - began < 20  # seconds; it was minutes where each sign was looked at from every other


def test_what_is_longer_than_sentences_are_is_not_judged() -> None:
    long = "Zephyr refunds " * (checking.LONGEST // 10)
    found = Checking([REFUNDS]).sentences(f"{long} [1].\n\nAnnual plans are refunded within 99 days [1].")
    assert [each.fault for each in found] == [None, Fault.NUMBER]


def test_what_is_left_when_the_time_is_up_is_unknown() -> None:
    left = iter([True, False])
    check = Checking([REFUNDS], goes_on=lambda: next(left))
    found = check.sentences("Annual plans are refunded within 98 days [1]. Annual plans are refunded in 99 days [1].")
    assert [each.fault for each in found] == [Fault.NUMBER, None]

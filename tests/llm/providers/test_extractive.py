"""The extractive provider: which pieces it picks, and that they read like an answer."""

import pytest

from llm.completion import Completion, Usage
from llm.prompt import Passage, Prompt, Sentence
from llm.providers.extractive.provider import ExtractiveProvider, plain, row_as_sentence, write
from llm.providers.extractive.units import units

STEPS = "1. Open **Billing**.\n2. Choose the payment.\n3. Confirm."
CODE = "```bash\ncurl -X POST https://api.example/refunds\n\n# done.\n```"
LIMITS = "| Plan | Price | Seats |\n|---|---|---|\n| Solo | $12 | 1 |\n| Studio | $18 | 25 |\n| Agency | $32 | 250 |"


def make_passage(text: str, *, number: int = 1, heading: str = "", score: float = 1.0, title: str = "Help") -> Passage:
    return Passage(number, title, heading, text, (), score)


def answer(question: str, *passages: Passage) -> str:
    return "".join(write(question, passages))


def test_best_sentence_is_quoted_with_its_passage() -> None:
    text = "We value every customer. Annual plans can be refunded within 30 days. Our office is in Bristol."
    assert answer("What is the refund policy for annual plans?", make_passage(text)) == (
        "Annual plans can be refunded within 30 days. [1]"
    )


def test_similarity_decides_where_words_do_not() -> None:
    sentences = (Sentence("The sky is blue.", 0.1), Sentence("Money comes back within a month.", 0.7))
    passage = Passage(1, "Help", "", " ".join(s.text for s in sentences), sentences, 1.0)
    assert answer("Can I get a refund?", passage) == "Money comes back within a month. [1]"


def test_best_passage_comes_first_and_its_sentences_stay_in_order() -> None:
    later = make_passage("Refunds of annual plans reach the card in a week.", number=1, score=0.8)
    best = make_passage("Annual plans have refunds. A refund of annual plans takes a form.", number=2, score=1.0)
    text = answer("How do refunds of annual plans work?", later, best)
    assert text.startswith("Annual plans have refunds. A refund of annual plans takes a form. [2]")


def test_at_most_three_pieces_are_quoted() -> None:
    kinds = ["gold", "green", "blue", "red", "white"]
    text = " ".join(f"The {kind} widget has a {kind} warranty of its own." for kind in kinds)
    assert answer("Which widget has a warranty?", make_passage(text)).count("warranty") == 3


def test_near_duplicates_are_quoted_once() -> None:
    one = make_passage("Annual plans can be refunded within 30 days.", number=1)
    same = make_passage("Annual plans can be refunded within 30 days of purchase.", number=2)
    assert answer("When can annual plans be refunded?", one, same).count("refunded") == 1


def test_question_for_a_number_prefers_a_sentence_with_one() -> None:
    text = "The trial is free for every team. The trial lasts fourteen sunny and 14 rainy days."
    assert "14" in answer("How long is the trial?", make_passage(text))


def test_sentence_that_only_points_elsewhere_loses_to_one_that_says_it() -> None:
    pointing = make_passage("For refunds of annual plans, see the Refund policy.", number=1)
    saying = make_passage("Annual plans: refunds are paid in full.", number=2, heading="Refund policy")
    assert answer("What is the refund policy for annual plans?", pointing, saying).startswith("Annual plans: refunds")


def test_pronoun_brings_the_sentence_before_it() -> None:
    text = "The audit log is kept by the server. It records every login of every user for seven years. Bye."
    assert answer("Who records every login of users, and for how many years?", make_passage(text)) == (
        "The audit log is kept by the server. It records every login of every user for seven years. [1]"
    )


def test_headings_and_introductions_are_no_answer() -> None:
    assert [unit.text for unit in units(make_passage("## Refunds\n\nRefunds are easy:\n\n- Ask\n- Wait"))] == [
        "- Ask",
        "- Wait",
    ]


def test_heading_inside_a_passage_counts_for_what_stands_under_it() -> None:
    passage = make_passage("## Annual plans\n\nThirty days, in full.\n\n## Monthly plans\n\nSeven days, in full.")
    assert answer("What about monthly plans?", passage).startswith("Seven days, in full. [1]")


def test_item_is_joined_with_what_introduces_it() -> None:
    passage = make_passage("You can pay by:\n\n- credit card in every country\n- carrier pigeon")
    assert answer("Do you take a pigeon?", passage) == "You can pay by: carrier pigeon. [1]"


def test_items_of_one_list_stay_a_list() -> None:
    passage = make_passage("Refunds go to:\n\n- the card for card refunds\n- the bank for bank refunds\n- nobody")
    assert answer("Where do card refunds and bank refunds go?", passage) == (
        "Refunds go to: [1]\n\n- the card for card refunds\n- the bank for bank refunds"
    )


def test_numbered_steps_are_quoted_whole() -> None:
    passage = make_passage(f"To ask for a refund:\n\n{STEPS}")
    assert answer("How do I ask for a refund?", passage) == f"To ask for a refund: [1]\n\n{STEPS}"


def test_steps_without_introduction_get_their_heading() -> None:
    passage = make_passage(STEPS, heading="Refund policy > Ask for a refund")
    assert answer("How do I ask for a refund?", passage).startswith("Ask for a refund: [1]\n\n1. Open")


def test_code_is_quoted_whole_under_its_introduction() -> None:
    passage = make_passage(f"To refund by the API, send this:\n\n{CODE}\n\nThe weather is fine.")
    assert answer("How do I refund by the API?", passage) == f"To refund by the API, send this: [1]\n\n{CODE}"


def test_code_right_below_its_introduction_is_found_without_sentences_given() -> None:
    passage = make_passage(f"Refunds are easy. To refund by the API, send this:\n{CODE}\nThen wait.")
    assert [unit.kind for unit in units(passage)] == ["prose", "code", "prose"]
    assert units(passage)[1].lead == "To refund by the API, send this:"


def test_table_row_becomes_words() -> None:
    assert answer("How much is Studio?", make_passage(LIMITS)) == "Plan: Studio; Price: $18; Seats: 25. [1]"


def test_table_row_is_cut_down_to_the_columns_asked_for() -> None:
    header, _, _, row, _ = LIMITS.splitlines()
    assert row_as_sentence("How many seats has Studio?", header, row) == "Plan: Studio; Seats: 25"


def test_rows_that_answer_equally_stay_a_table() -> None:
    passage = make_passage(LIMITS, heading="Plans > Prices")
    assert answer("What is the price of Solo and Studio?", passage) == (
        "Prices: [1]\n\n| Plan | Price | Seats |\n|---|---|---|\n| Solo | $12 | 1 |\n| Studio | $18 | 25 |"
    )


def test_bar_inside_a_cell_is_no_border() -> None:
    assert row_as_sentence("?", "| Key | Does |", r"| a \| b | either |") == "Key: a | b; Does: either"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See [Plans](plans.md) now.", "See Plans now."),
        ("See [Plans](https://example.org) now.", "See [Plans](https://example.org) now."),
        ("It was so.[12] Then", "It was so. Then"),
        ("Take `a[1]` of x", "Take `a[1]` of x"),
        ("![a picture](x.png)", "a picture"),
    ],
)
def test_links_into_the_folder_and_footnotes_are_dropped(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_question_of_stop_words_still_gets_the_best_passage() -> None:
    best, other = make_passage("Alpha.", number=1, score=2.0), make_passage("Beta.", number=2, score=0.5)
    assert answer("What is it?", best, other) == "Alpha. [1]"


def test_passages_without_scores_go_by_their_order() -> None:
    first, second = make_passage("Alpha.", number=1, score=0.0), make_passage("Beta.", number=2, score=0.0)
    assert answer("?", first, second) == "Alpha. [1]"


@pytest.mark.parametrize("text", ["", "   \n\n", "## Only a heading", "| Only | a header |"])
def test_passage_that_says_nothing_gives_no_text(text: str) -> None:
    assert answer("Refund?", make_passage(text)) == ""


def test_japanese_is_matched_by_its_characters() -> None:
    passage = make_passage("天気がいいです。\n\n返金は三十日以内です。")
    assert answer("返金", passage) == "返金は三十日以内です。 [1]"


def test_provider_streams_sentences_and_costs_nothing() -> None:
    text = "Annual plans have refunds. A refund of annual plans takes a form."
    prompt = Prompt("Be kind.", "How do refunds of annual plans work?", "", (make_passage(text),))
    provider = ExtractiveProvider(base_url="", api_key="")
    *deltas, end = provider.stream(prompt, model="best-sentences", timeout=1.0)
    assert deltas == ["Annual plans have refunds.", " A refund of annual plans takes a form. [1]"]
    assert end == Completion("".join(map(str, deltas)), "stop", Usage(0, 0, 0))

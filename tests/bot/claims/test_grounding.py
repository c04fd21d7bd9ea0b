"""How far an answer is held up by its passages, and how well it cites them."""

import pytest

from bot.claims import grounding
from evaluation.scores import citing

REFUNDS = """# Refunds

Annual plans can be refunded in full within 30 days of purchase. After 30 days, an annual plan is not refunded.
Only an Owner can request a refund under Settings > Billing. Write to billing@a.example or open https://a.example/refund.
"""
PRICES = """| Price | Solo | Studio |
|---|---|---|
| Monthly plan | $12 | $18 |
| Annual plan | $120 | $180 |
"""


def shares(answer: str) -> list[bool]:
    return [each.is_supported for each in grounding.ground(answer, [REFUNDS, PRICES]).sentences]


def test_the_words_of_a_passage_hold_up_and_others_do_not() -> None:
    held = grounding.ground("An annual plan is refunded in full within 30 days of purchase [1].", [REFUNDS])
    invented = grounding.ground("Our founders met in Lisbon and raised money from friends.", [REFUNDS])
    assert held.score is not None
    assert invented.score is not None
    assert held.score > 0.8 > 0.2 > invented.score


@pytest.mark.parametrize(
    "answer",
    [
        "Annual plans can be refunded in full within 60 days of purchase.",  # another number
        "Annual plans cannot be refunded in full within 30 days of purchase.",  # a "not" more
        "Only an Owner can request a refund under Settings > Zarathia.",  # another name
        "Write to billing@b.example or open https://a.example/refund.",  # another address
        "Annual plan; Solo $180, Studio $18.50",
    ],
)
def test_a_planted_error_is_seen(answer: str) -> None:
    assert shares(answer) == [False]


def test_a_row_of_a_table_is_held_up_with_its_columns() -> None:
    assert shares("Price: Monthly plan; Solo: $12; Studio: $18.") == [True]


def test_nothing_to_compare_is_not_known_rather_than_right_or_wrong() -> None:
    assert grounding.ground("", [REFUNDS]).score is None
    german = "Jahrespläne werden innerhalb von dreißig Tagen nach dem Kauf vollständig zurückerstattet."
    assert grounding.ground(german, [REFUNDS]).score is None


@pytest.mark.parametrize("passages", [[], [""], ["\n"]])
def test_over_nothing_nothing_is_held_up(passages: list[str]) -> None:
    assert grounding.ground("Our founders met in Lisbon.", passages).score == 0.0


def test_what_was_said_before_counts_as_said() -> None:
    turns = ["My workspace is called Thornfield."]
    assert grounding.ground("Thornfield can be refunded within 30 days.", [REFUNDS], turns).sentences[0].missing == ()
    assert grounding.ground("Thornfield can be refunded within 30 days.", [REFUNDS]).score is not None


def test_writing_without_blanks_is_compared_by_its_signs() -> None:
    passage = "年間プランは購入から30日以内であれば全額返金されます。"
    held = grounding.ground("年間プランは30日以内に全額返金されます。", [passage])
    assert held.score is not None
    assert held.score > 0.6


def test_each_sentence_needs_a_passage_that_holds_it() -> None:
    answer = "Annual plans can be refunded in full within 30 days of purchase [1]. Cats sleep for most of a day [1]."
    found = citing.quality(answer, [REFUNDS])
    assert (found.validity, found.recall, found.precision) == (1.0, 0.5, 0.5)


def test_a_marker_stands_for_what_is_before_it_and_for_the_list_that_it_introduces() -> None:
    behind = "Annual plans can be refunded in full within 30 days. Only an Owner can request a refund. [1]"
    assert citing.quality(behind, [REFUNDS]).recall == 1.0
    steps = (
        "How to ask for a refund as an Owner: [1]\n\n1. Only an Owner can request a refund\n2. Open Settings > Billing"
    )
    assert citing.quality(steps, [REFUNDS]).recall is not None
    assert citing.quality("Only an Owner can request a refund.\n\nAnnual plans too [1].", [REFUNDS]).recall == 0.0


def test_a_citation_too_many_costs_precision_and_one_that_leads_nowhere_validity() -> None:
    answer = "Annual plans can be refunded in full within 30 days of purchase [1][2]."
    found = citing.quality(answer, [REFUNDS, PRICES], invalid=2)
    assert (found.validity, found.recall, found.precision) == (0.5, 1.0, 0.5)


def test_an_empty_answer_has_no_citations_to_be_right_about() -> None:
    assert citing.quality("", [REFUNDS]) == citing.CitationQuality(None, None, None)
    assert citing.quality("Hello!", [], invalid=1) == citing.CitationQuality(0.0, None, None)


INVOICES = {
    "cs": "Faktury se vystavují první den v měsíci a posílají se e-mailem vlastníkovi účtu.",
    "pl": "Faktury są wystawiane pierwszego dnia miesiąca i wysyłane pocztą do właściciela konta.",
    "uk": "Рахунки виставляються першого дня місяця та надсилаються поштою власнику облікового запису.",
    "ja": "請求書は毎月一日に発行され、アカウントの所有者にメールで送信されます。",
    "zh": "发票于每月一日开具并通过电子邮件发送给账户所有者以便查阅和保存。",
    "ko": "청구서는 매월 첫째 날에 발행되며 계정 소유자에게 이메일로 전송됩니다.",
    "en": "Invoices are issued on the first day of the month and sent to the owner of the account by mail.",
}


@pytest.mark.parametrize(("said", "held"), [(said, held) for said in INVOICES for held in INVOICES if said != held])
def test_each_language_is_another_one(said: str, held: str) -> None:
    assert grounding.speaks_another(INVOICES[said], [INVOICES[held]])
    assert not grounding.speaks_another(INVOICES[said], [INVOICES[said]])


@pytest.mark.parametrize("short", ["退款需要三十天时间", "返金は三十日です", "환불은 삼십일"])
def test_so_is_another_script_however_short(short: str) -> None:
    assert grounding.speaks_another(short, [INVOICES["en"]])
    assert not grounding.speaks_another("Yes.", [INVOICES["en"]])

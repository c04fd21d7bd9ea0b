"""What an answer must or must not say."""

import pytest

from evaluation.scores import expectations
from evaluation.scores.expectations import Expectation, ExpectationError, holds


@pytest.mark.parametrize(
    ("answer", "expectation"),
    [
        ("Refunded within **30 days** [1].", "30 days"),
        ("Open **Settings > Billing**.", "settings > billing"),
        ("We don’t offer it.", "don't"),  # noqa: RUF001
        ("In der STRASSE", "straße"),
        ("It takes 5\u00a0to 10 days.", "5 to 10 days"),
        ("See [the list](https://a.example/prices).", "https://a.example/prices"),
        ("re\u00adfund\u200bed", "refunded"),
        ("It costs $1,000.50 a year", {"number": 1000.5}),
        ("Das kostet 1.500 Euro", {"number": 1500}),
        ("10 000 rows", {"number": 10_000}),
        ("Uptime is 99.93%.", {"number": 99.9, "tolerance": 0.05}),
        ("SYNC-310", {"number": 310}),
        ("返金は30日以内です。", "30日以内"),
        ("in full", ["in whole", "in full", {"number": 100}]),
        ("Call us,\nthen wait", "/call.*wait/is"),
        ("30 days [1]", "/30 days$/"),
    ],
)
def test_it_is_found_however_it_is_set(answer: str, expectation: Expectation) -> None:
    assert holds(answer, expectation)


@pytest.mark.parametrize(
    ("answer", "expectation"),
    [
        ("17 days", "7 days"),
        ("7.5 GB", "7"),
        ("$32", "$3"),
        ("30 días", "30 dias"),  # an accent is a letter
        ("", "anything"),
        ("", {"number": 0}),
        ("passage [7]", {"number": 7}),  # a marker is no number of the answer
        ("30 days", "/30 Days/"),
    ],
)
def test_it_is_not_found_where_it_is_not_said(answer: str, expectation: Expectation) -> None:
    assert not holds(answer, expectation)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("/(/", "no regular expression"),
        ("/(a+)+$/", "take for ever"),
        ("**", "holds nothing"),
        ([], "no text, pattern, number"),
        (None, "no text, pattern, number"),
        ({"number": "many"}, "no number"),
        ({"number": True}, "no number"),
        ({"number": 1, "tolerances": 2}, "nothing else"),
        ({"number": 1, "tolerance": -1}, "below nothing"),
        ("x" * 600, "longer than"),
        ([["a"]], "in one list"),
    ],
)
def test_what_could_never_be_found_is_refused_with_its_reason(written: object, said: str) -> None:
    with pytest.raises(ExpectationError, match=said):
        expectations.check(written)


def test_a_path_is_a_text_and_no_pattern() -> None:
    expectations.check("/etc/hosts")
    assert holds("Edit /etc/hosts now", "/etc/hosts")
    assert not holds("Edit etc now", "/etc/hosts")


def test_expectations_are_told_in_words() -> None:
    assert expectations.said(["in full", {"number": 30, "tolerance": 1}, "/x/"]) == "in full or 30 ± 1 or /x/"

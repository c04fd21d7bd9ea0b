"""Agreement beside values worked out by hand."""

import pytest

from evaluation.scores import grade_agreement
from evaluation.scores.grade_agreement import Verdict

YES, NO = True, False


def pairs(both: int, one: int, other: int, neither: int) -> list[tuple[bool, bool]]:
    return [(YES, YES)] * both + [(YES, NO)] * one + [(NO, YES)] * other + [(NO, NO)] * neither


def test_kappa_takes_out_what_chance_agrees_on() -> None:
    found = grade_agreement.matched(pairs(20, 5, 10, 15))
    # 35 of 50 agree; by chance (25 * 30 + 25 * 20) / 50² = .5 would; (.7 - .5) / (1 - .5) = .4
    assert (found.count, found.share) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)
    assert grade_agreement.matched([*pairs(20, 5, 10, 15), (YES, None), (None, NO)]) == found
    assert grade_agreement.matched([]) == grade_agreement.Matched(0, None, None)
    assert grade_agreement.matched(pairs(9, 0, 0, 0)).kappa is None  # nobody can tell


def test_a_judge_that_is_at_a_loss_is_not_taken_to_agree() -> None:
    said: list[tuple[bool, Verdict]] = [*[(YES, YES)] * 27, *[(YES, NO)] * 2, (YES, None), *pairs(0, 0, 2, 18)]
    found = grade_agreement.calibrated(said)
    assert (found.matched.count, found.matched.share, found.unknown) == (50, 0.9, 1)
    assert (found.sensitivity, found.specificity) == (0.9, 0.9)
    # by chance (30 * 29 + 20 * 20) / 50² = .508
    assert found.matched.kappa == pytest.approx((0.9 - 0.508) / (1 - 0.508))
    assert (found.is_trusted, found.why_not) == (True, "")


@pytest.mark.parametrize(
    ("said", "is_trusted", "why"),
    [
        (pairs(20, 5, 5, 20), True, ""),  # kappa .6 at 50
        (pairs(25, 0, 0, 24), False, "It takes 50 answers that people graded as well; there are 49."),
        (pairs(20, 6, 5, 20), False, "Its kappa with people is 0.57; it takes 0.6."),
        (pairs(60, 0, 0, 0), False, "People gave all of these answers one and the same grade"),
        ([(YES, None)] * 40 + [(NO, None)] * 40, False, "Its kappa with people is 0.00"),
    ],
)
def test_a_judge_is_trusted_from_fifty_labels_and_a_kappa_of_six_tenths(
    said: list[tuple[bool, Verdict]], is_trusted: bool, why: str
) -> None:
    found = grade_agreement.calibrated(said)
    assert (found.is_trusted, bool(found.why_not)) == (is_trusted, not is_trusted)
    assert found.why_not.startswith(why)

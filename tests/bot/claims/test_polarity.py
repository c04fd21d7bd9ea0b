"""A "no" that is right, and one that the passages do not say."""

import pytest

from bot.claims.checking import Checking, Fault


def faults(passage: str, answer: str, question: str = "") -> list[Fault | None]:
    return [each.fault for each in Checking([passage], [question]).sentences(answer)]


@pytest.mark.parametrize(
    ("passage", "question", "answer"),
    [
        (
            "Exports are available on the Enterprise plan only.",
            "Are exports available on the Free plan?",
            "No, exports are not available on the Free plan [1].",
        ),
        (
            "Exports are available on the enterprise plan.",
            "are exports available on the starter plan",
            "Exports are not available on the starter plan [1].",
        ),
        ("Refunds are possible within 30 days of purchase.", "", "Refunds are not possible after 30 days [1]."),
        (
            "Orders can be cancelled until they have shipped.",
            "",
            "Orders cannot be cancelled after they have shipped [1].",
        ),
        (
            "You must verify your email before you can upload files.",
            "",
            "You cannot upload files before you verify your email [1].",
        ),
        ("Verify your email before you upload files.", "", "Do not upload files before you verify your email [1]."),
        ("Cards are charged on the 1st of the month.", "", "Cards are never charged before the 1st of the month [1]."),
        (
            "The API returns HTTP 429 when the limit of 100 requests per minute is exceeded.",
            "",
            "You must not exceed 100 requests per minute, or the API returns HTTP 429 [1].",
        ),
        ("Files of up to 10 MB can be uploaded.", "", "Files larger than 10 MB cannot be uploaded [1]."),
        ("Invoices are sent when the month ends.", "", "Invoices are not sent while the month goes on [1]."),
        (
            "Exporte sind nur im Enterprise-Tarif verfügbar.",
            "Sind Exporte im Basic-Tarif verfügbar?",
            "Exporte sind im Basic-Tarif nicht verfügbar [1].",
        ),
        (
            "Los reembolsos completos son posibles dentro de los 30 días posteriores a la compra.",
            "",
            "Después de 30 días no son posibles los reembolsos completos [1].",
        ),
        (
            "Les remboursements complets sont possibles jusqu'à 30 jours après l'achat.",
            "",
            "Les remboursements complets ne sont pas possibles plus de 30 jours après l'achat [1].",
        ),
        # what people ask or say affirms nothing
        (
            "Workspaces have members, owners and guests with rights of their own.",
            "can guests delete shared projects of workspaces",
            "Guests cannot delete shared projects of workspaces [1].",
        ),
    ],
)
def test_a_no_of_another_time_case_or_thing_is_no_contradiction(passage: str, question: str, answer: str) -> None:
    assert faults(passage, answer, question) == [None]


@pytest.mark.parametrize(
    ("passage", "answer"),
    [
        (
            "Exports are available on the Enterprise plan only.",
            "Exports are not available on the Enterprise plan only.",
        ),
        ("Refunds are possible within 30 days of purchase.", "Refunds are not possible within 30 days of purchase."),
        ("Refunds are not possible after 30 days.", "Refunds are possible after 30 days."),
        ("You must add an email before you upload files.", "You must not add an email before you upload files."),
        ("Exporte sind nur im Enterprise-Tarif verfügbar.", "Exporte sind nur im Enterprise-Tarif nicht verfügbar."),
        ("Shared projects can be restored by an owner.", "Shared projects cannot be restored by an owner."),
    ],
)
def test_a_no_of_the_same_is_one(passage: str, answer: str) -> None:
    question = answer.rstrip(".").replace("not ", "") + "?"
    assert faults(passage, f"{answer} [1]", question) == [Fault.REVERSED]

"""Pairs of sentences that differ in a sign or two, and in what they say."""

import pytest

from bot.models import Voice
from bot.voices import restyling

VOICE = Voice(name="default", version=1, has_emoji=True)


@pytest.mark.parametrize(
    ("plain", "styled"),
    [
        ("No, refunds are possible", "No refunds are possible"),
        ("Do not cancel. Your data is deleted", "Do not cancel your data is deleted"),
        ("Never. Share it with everyone", "Never share it with everyone"),
        ("Stop. Not the server", "Stop not the server"),
        ("Is it refundable? No. It costs extra", "Is it refundable? No it costs extra"),
        ("If not, cancel it", "If not cancel it"),
        ("Refunds, no exchanges", "Refunds no exchanges"),
        ("Do not wait, pay", "Do not wait pay"),
        ("Don't stop - it restarts", "Don't stop it restarts"),
        ("Not now—later", "Not now later"),
        ("Only admins. Users can delete it", "Only admins users can delete it"),
        ("Admins, who own it, can delete it", "Admins who own it can delete it"),
        ("Refunds: none", "Refunds none"),
        ("mode != strict", "mode = strict"),
        ("Use !admin to open it", "Use admin to open it"),
        ("Allow *.example.com", "Allow example.com"),
        ("Allow *.a.com, *.b.com", "Allow .a.com, .b.com"),
        ("Delete report.* now", "Delete report* now"),
        ("Delete report.* now", "Delete report now"),
        ("Read ./conf", "Read /conf"),
        ("Read ../conf", "Read /conf"),
        ("Ignore .env files", "Ignore env files"),
        ("Ignore .env files", "Ignore. Env files"),
        (".env is ignored", "env is ignored"),
        ("Type ... to go up", "Type to go up"),
        ("It costs .5 euros", "It costs 5 euros"),
        ('Screens of 27" fit', "Screens of 27 fit"),
        ("Screens of 27” fit", "Screens of 27 fit"),
        ("Poles of 5' fit", "Poles of 5 fit"),
        ("A 5* hotel", "A 5 hotel"),
        ("The ratio is 3 : 1", "The ratio is 3 1"),
        ("At —5 degrees", "At 5 degrees"),
        ("At — 5 degrees", "At 5 degrees"),
        ("Sizes 3—5 fit", "Sizes 3 5 fit"),
        ("It is x - y", "It is x y"),
        ("It takes 5 -  3 days", "It takes 5  3 days"),
        ("Type -- to end them", "Type to end them"),
        ("5! is 120", "5 is 120"),
        ("Rooms 3, 5 are free", "Rooms 3 5 are free"),
        ("Values 5... 10", "Values 5 10"),
        ("It takes 5 days", "It takes 5: days"),
        ("You need not [1]. Pay now", "You need not [1] pay now"),
        ("Nein, Erstattungen gibt es", "Nein Erstattungen gibt es"),
        ("Nicht warten, zahlen", "Nicht warten zahlen"),
        ("Niemals. Teilen Sie es", "Niemals teilen Sie es"),
        ("Kein Zugang. Admins löschen ihn", "Kein Zugang Admins löschen ihn"),
        ("Gebühren: keine", "Gebühren keine"),
        ("Löschen Sie nicht. Sichern genügt", "Löschen Sie nicht Sichern genügt"),
        ("Nur Admins, Nutzer lesen", "Nur Admins Nutzer lesen"),
        ("Non, les remboursements sont possibles", "Non les remboursements sont possibles"),
        ("Remboursement : aucun", "Remboursement aucun"),
        ("N'annulez pas. Vos données restent", "N'annulez pas vos données restent"),
        ("Jamais. Partagez-le", "Jamais partagez-le"),
        ("Les admins, qui paient, lisent", "Les admins qui paient lisent"),
        ("Sans frais, demain", "Sans frais demain"),
        ("No, se puede", "No se puede"),
        ("いいえ、返金できます", "いいえ 返金できます"),
        ("返金できません。後で払います", "返金できません 後で払います"),
        ("3、5日", "3 5日"),
        ("料金：なし", "料金 なし"),  # noqa: RUF001
        ("*.jp を許可", "jp を許可"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", [".", " [1]."])
def test_a_sign_that_says_something_is_kept(plain: str, styled: str, end: str) -> None:
    for first, second in ((plain + end, styled + end), (styled + end, plain + end)):
        assert restyling.unfaithful(first, second, VOICE)
        assert restyling.believed(first, second, VOICE).text == first


@pytest.mark.parametrize(
    ("plain", "styled"),
    [
        ("It is free [1].", "It is free! [1]"),
        ("It is free [1]. Pay later [2].", "It is free! [1] Pay later! [2]"),
        ("It is free. Pay later [1].", "It is free! Pay later [1]!"),
        ("It is free. Pay later [1].", "It is free… 🎉\n\nPay later [1]."),
        ("It is free; pay later [1].", "It is free. Pay later [1]."),
        ("No, it is free [1].", "No! It is free [1]."),
        ("Red, blue and green [1].", "Red, blue, and green [1]."),
        ("On Mondays it is free [1].", "On Mondays, it is free [1]."),
        ("It is free - really [1].", "It is free, really [1]."),
        ('Press "Cancel" [1].', "Press **Cancel** [1]."),
        ("Use *.a.com [1].", "Use *.a.com [1]!"),
        ("Gebühren: keine [1].", "Hallo! Gebühren: **keine** [1]!"),
        ("Remboursement : aucun [1].", "Bonjour ! Remboursement : aucun [1]!"),
        ("返金できます。無料です [1]。", "返金できます！無料です [1]！"),  # noqa: RUF001
    ],
)
def test_a_sign_that_only_sounds_otherwise_is_free(plain: str, styled: str) -> None:
    assert restyling.unfaithful(plain, styled, VOICE) == []
    assert restyling.believed(plain, styled, VOICE).text == styled

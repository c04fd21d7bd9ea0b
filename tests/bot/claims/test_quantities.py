"""The same figure in another form, and another one."""

import pytest

from bot.claims.checking import Checking, Fault

SAME = [
    ("We support Ubuntu 22.04 and 20.04.", "We support Ubuntu 20.04 and 22.04."),
    ("Runs on Python 3.12 and 3.11.", "It runs on Python 3.12 and on 3.12. Others do not."),
    ("The office is open 9-17 on weekdays.", "The office is open from 9:00 to 17:00 on weekdays."),
    ("Support answers 9 to 5 on weekdays.", "Support answers from 9 am to 5 pm on weekdays."),
    ("Support answers 9-5pm on weekdays.", "Support answers from 9 am to 5 pm on weekdays."),
    ("Der Support ist von 9 bis 17 Uhr erreichbar.", "Der Support ist von 9:00 bis 17:00 Uhr erreichbar."),
    ("Le support est ouvert de 9 h à 17 h en semaine.", "Le support est ouvert de 9h00 à 17h00 en semaine."),
    ("Calls are taken from 9:00 to 5:30.", "Calls are taken from 9 am to 5:30 pm."),
    ("スタジオプランの料金は年間12万円です。", "スタジオプランの料金は年間120,000円です。"),
    ("Files of up to 2 GB can be stored.", "Files of up to 2,048 MB can be stored."),
    ("Files of up to 1.5 GB can be stored.", "Files of up to 1500 MB can be stored."),
    ("Each plan has 100 GB of storage.", "Each plan has 0.1 TB of storage."),
]
OTHER = [
    ("We support Ubuntu 22.04 and 20.04.", "We support Ubuntu 22.04 and 24.04.", Fault.DATE),
    ("The office is open 9-17 on weekdays.", "The office is open from 8:00 to 17:00 on weekdays.", Fault.DATE),
    ("Calls are taken from 9:00 to 17:00.", "Calls are taken from 9 am to 5 am.", Fault.DATE),
    ("Support answers from 9 am to 5 pm.", "Support answers from 9 am to 5 am.", Fault.DATE),
    ("スタジオプランの料金は年間12万円です。", "スタジオプランの料金は年間12,000円です。", Fault.NUMBER),
    ("Files of up to 2 GB can be stored.", "Files of up to 20 GB can be stored.", Fault.NUMBER),
    ("Files of up to 2 GB can be stored.", "Files of up to 3,072 MB can be stored.", Fault.NUMBER),
]


@pytest.mark.parametrize(("passage", "answer"), SAME)
def test_the_same_in_another_form_is_right(passage: str, answer: str) -> None:
    assert {each.fault for each in Checking([passage]).sentences(f"{answer} [1]")} == {None}


@pytest.mark.parametrize(("passage", "answer", "fault"), OTHER)
def test_another_one_is_not(passage: str, answer: str, fault: Fault) -> None:
    assert [each.fault for each in Checking([passage]).sentences(f"{answer} [1]")] == [fault]

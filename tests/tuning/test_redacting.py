"""What names a person or opens a door is taken out, and what only looks like it stays."""

import pytest

from bot.claims import naming
from tuning.examples.redacting import Redaction, redact


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Write to ann.b+c@example.co.uk today", "Write to [EMAIL_1] today"),
        ("Call +49 (30) 901820-12 now", "Call [PHONE_1] now"),
        ("4111 1111 1111 1111 and 4111 1111 1111 1112", "[CARD_1] and 4111 1111 1111 1112"),
        ("DE89 3704 0044 0532 0130 00", "[IBAN_1]"),
        ("Is DE89370400440532013000 what is meant?", "Is [IBAN_1] what is meant?"),
        ("DE89-3704-0044-0532-0130-00 and de89370400440532013000", "[IBAN_1] and [IBAN_1]"),
        ("Order 0171 2345678, call 0171 2345678", "Order 0171 2345678, call [PHONE_1]"),
        ("The years 2019-2024, version 10.1.2.3, 127.0.0.1", "The years 2019-2024, version 10.1.2.3, 127.0.0.1"),
        ("from 192.168.1.20 or 2001:db8::1", "from [IP_1] or [IP_2]"),
        ("sk-proj-abcdefghijklmnopqrst and xoxb-1234567890-abcdef", "[KEY_1] and [KEY_2]"),
        ("<@U012ABCDEF> in <#C012ABCDEF|help>", "[ID_1] in [ID_2]"),
        ("ask 175928847299117063", "ask [ID_1]"),
        ("Ann Example says so; ANN does", "[NAME_1] says so; [NAME_1] does"),
        ("Version 1.2.3 of 2024-05-06, 30 days, $1,000,000", "Version 1.2.3 of 2024-05-06, 30 days, $1,000,000"),
        ("Since 01.02.2024 at 10:30:00 [1]", "Since 01.02.2024 at 10:30:00 [1]"),
    ],
)
def test_what_names_a_person_or_opens_a_door_is_taken_out(text: str, kept: str) -> None:
    assert redact(text, ["Ann Example"]).text == kept


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        (
            "Will May",
            "You will be paid, Will says; it may take days.",
            "You will be paid, [NAME_1] says; it may take days.",
        ),
        ("Will May", "Will's plan, WILL MAY and @will", "[NAME_1]'s plan, [NAME_1] and [NAME_1]"),
        ("Ann Example", "Ann's, Ann\u2019s, Examples Plan", "[NAME_1]'s, [NAME_1]\u2019s, [NAME_1]s Plan"),
        ("Thomas", "Thomas' plan", "[NAME_1]' plan"),
        (
            "Jürgen Müller",
            "Dear Juergen, MÜLLER, Mu\u0308ller and Muller",
            "Dear [NAME_1], [NAME_1], [NAME_1] and [NAME_1]",
        ),
        ("Juergen Mueller", "Jürgen Müller, Müllers Plan", "[NAME_1], [NAME_1]s Plan"),
        ("Ida Groß", "GROSS and Groß", "[NAME_1] and [NAME_1]"),
        ("José Łuk", "Jose and Luk", "[NAME_1] and [NAME_1]"),
        ("Anna-Lena Ruiz", "Anna-Lena, Anna\u2011Lena, Lena", "[NAME_1]-[NAME_1], [NAME_1]\u2011[NAME_1], [NAME_1]"),
        ("Pat O'Brien", "O\u2019Brien and OBrien", "[NAME_1] and [NAME_1]"),
        ("Ann Example", "_Ann_ and **Ann** (ann_example)", "_[NAME_1]_ and **[NAME_1]** ([NAME_1])"),
        ("Ann Example", "Annual exampled plans", "Annual exampled plans"),
        ("Ludwig von der Berg", "der Plan von der Firma", "der Plan von der Firma"),
        ("Jo Li", "Jo, Jo Li, and enjoy", "[NAME_1], [NAME_1], and enjoy"),
        ("ada.lovelace", "Dear Ada", "Dear [NAME_1]"),
        ("support", "Ask our support.", "Ask our support."),
        ("Key Name", "[key] of [NAME_1], [EMAIL_1], [platform id]", "[key] of [NAME_1], [EMAIL_1], [platform id]"),
    ],
)
def test_a_name_is_found_however_it_is_written_and_a_word_is_left(name: str, text: str, kept: str) -> None:
    assert redact(text, [name]).text == kept
    assert redact(kept, [name]).text == kept


def test_one_value_has_one_placeholder_in_all_texts_of_an_example_and_none_in_another() -> None:
    first = Redaction(["Ann Example", "Bob"], said=["Hi, my name is Carla Diaz."])
    assert first.clean("Ann and Bob: a@b.io") == "[NAME_1] and [NAME_2]: [EMAIL_1]"
    assert (
        first.clean("Example wrote to A@B.io, c@d.io; Carla too")
        == "[NAME_1] wrote to [EMAIL_1], [EMAIL_2]; [NAME_3] too"
    )
    later = Redaction(["Bob", "Ann Example"], placeholders=first.placeholders)
    assert later.clean("Bob, c@d.io, new@e.io") == "[NAME_2], [EMAIL_2], [EMAIL_3]"
    assert "a@b.io" not in str(first.placeholders)
    other = Redaction(["Bob"])
    other.clean("Bob")
    assert not (first.placeholders.keys() & other.placeholders.keys()) - {"salt"}


def test_what_the_company_states_itself_stays_but_no_key_does() -> None:
    own = {("e-mail", "help@acme.io"), ("key", "ghp_" + "a" * 30)}
    assert redact("help@acme.io, me@acme.io, ghp_" + "a" * 30, own=own).text == "help@acme.io, [EMAIL_1], [KEY_1]"


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("山田 太郎", "山田さんの質問", "[NAME_1]さんの質問"),
        ("김민수", "김민수님께", "[NAME_1]님께"),
        ("Иван Петров", "Ивану Петрову", "[NAME_1]"),
    ],
)
def test_names_of_other_scripts(name: str, text: str, kept: str) -> None:
    assert redact(text, [name]).text in (kept, f"{kept} {kept}")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("My name is Carla Diaz, hello", ["Carla Diaz"]),
        ("Ich heiße Jörg.", ["Jörg"]),
        ("this is urgent", []),
        ("my name is on it", []),
    ],
)
def test_who_says_a_name_is_called_so(text: str, names: list[str]) -> None:
    assert naming.introduced(text) == names


@pytest.mark.parametrize("text", ["x" * 100_000, "a." * 50_000, "1 " * 50_000, "://a" * 25_000, "@" * 100_000])
def test_a_long_run_of_signs_is_gone_through_once(text: str) -> None:
    """Where each sign began a search of its own, it took minutes; the suite would not end."""
    assert redact(text).text == text

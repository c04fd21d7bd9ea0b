"""What names a person or opens a door is taken out, and what only looks like it stays."""

import pytest

from tuning.examples.redacting import redact


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Write to ann.b+c@example.co.uk today", "Write to [e-mail] today"),
        ("Call +49 (30) 901820-12 now", "Call [phone] now"),
        ("4111 1111 1111 1111 and 4111 1111 1111 1112", "[card] and 4111 1111 1111 1112"),
        ("DE89 3704 0044 0532 0130 00", "[iban]"),
        ("from 192.168.1.20 or 2001:db8::1", "from [ip] or [ip]"),
        ("sk-proj-abcdefghijklmnopqrst and xoxb-1234567890-abcdef", "[key] and [key]"),
        ("<@U012ABCDEF> in <#C012ABCDEF|help>", "[platform id] in [platform id]"),
        ("ask 175928847299117063", "ask [platform id]"),
        ("Ann Example says so; ANN does", "[name] says so; [name] does"),
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
            "You will be paid, [name] says; it may take days.",
        ),
        ("Will May", "Will's plan, WILL MAY and @will", "[name]'s plan, [name] and [name]"),
        ("Ann Example", "Ann's, Ann\u2019s, Examples Plan", "[name]'s, [name]\u2019s, [name]s Plan"),
        ("Thomas", "Thomas' plan", "[name]' plan"),
        ("Jürgen Müller", "Dear Juergen, MÜLLER, Mu\u0308ller and Muller", "Dear [name], [name], [name] and [name]"),
        ("Juergen Mueller", "Jürgen Müller, Müllers Plan", "[name], [name]s Plan"),
        ("Ida Groß", "GROSS and Groß", "[name] and [name]"),
        ("José Łuk", "Jose and Luk", "[name] and [name]"),
        ("Anna-Lena Ruiz", "Anna-Lena, Anna\u2011Lena, Lena", "[name]-[name], [name]\u2011[name], [name]"),
        ("Pat O'Brien", "O\u2019Brien and OBrien", "[name] and [name]"),
        ("Ann Example", "_Ann_ and **Ann** (ann_example)", "_[name]_ and **[name]** ([name])"),
        ("Ann Example", "Annual exampled plans", "Annual exampled plans"),
        ("Ludwig von der Berg", "der Plan von der Firma", "der Plan von der Firma"),
        ("Jo Li", "Jo, Jo Li, and enjoy", "[name], [name], and enjoy"),
        ("ada.lovelace", "Dear Ada", "Dear [name]"),
        ("support", "Ask our support.", "Ask our support."),
        ("Key Name", "[key] of [name]", "[key] of [name]"),
    ],
)
def test_a_name_is_found_however_it_is_written_and_a_word_is_left(name: str, text: str, kept: str) -> None:
    assert redact(text, [name]).text == kept
    assert redact(kept, [name]).text == kept

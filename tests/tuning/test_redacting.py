"""What names a person or opens a door is taken out, and what only looks like it stays."""

import unicodedata

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
        ("Will Smith", "Ask Will Smith. It will do. Will it?", "Ask [name]. It will do. Will it?"),
        (
            "Will Smith",
            "Thanks, Will! @will says: ask Will about it.",
            "Thanks, [name]! [name] says: ask [name] about it.",
        ),
        ("Bill Young", "The bill is young. Send Bill the bill.", "The bill is young. Send [name] the bill."),
        ("Mark", "MARK said so; mark it.", "[name] said so; [name] it."),  # it is his whole name
        (
            "Ann",
            "Ann's plan and the Ann-plan, not the annual one",
            "[name]'s plan and the [name]-plan, not the annual one",
        ),
        ("Anne-Marie Müller", "Anne, Anne-Marie, Mueller, Muller, MÜLLER", "[name], [name], [name], [name], [name]"),
        ("José", unicodedata.normalize("NFD", "José and Jose"), "[name] and [name]"),
        ("Li Na", "Li Na asks; links stay", "[name] asks; links stay"),
    ],
)
def test_names_are_known_in_every_spelling_and_words_stay_words(name: str, text: str, kept: str) -> None:
    assert redact(text, [name]).text == kept

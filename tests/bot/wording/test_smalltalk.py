"""Thanks and greetings get a word back, and what is more than that is a question."""

# ruff: noqa: RUF001  signs of other scripts

import pytest

from bot.wording import phrases, smalltalk
from bot.wording.phrases import Phrase


def reply(text: str) -> Phrase | None:
    talk = smalltalk.heard(text)
    return talk.reply if talk else None


@pytest.mark.parametrize(
    "text",
    ["thanks!", "Thank you so much for your help 🙏", "👍", "merci beaucoup !", "Vielen Dank für die Hilfe!",
     "muchas gracias por tu ayuda", "ありがとうございます！", "助かりました、ありがとう", "ok thanks", "Super, danke!",
     "thx :tada:", "Danke dir", "Perfect, thanks a lot!"],
)  # fmt: skip
def test_thanks(text: str) -> None:
    assert reply(text) == phrases.WELCOME


@pytest.mark.parametrize(
    "text", ["hi", "Hi there!", "Good morning all", "how are you?", "Hallo zusammen", "bonjour", "¡Hola!", "こんにちは"]
)
def test_greetings(text: str) -> None:
    assert reply(text) == phrases.HELLO


@pytest.mark.parametrize("text", ["bye, see you tomorrow", "Tschüss!", "au revoir", "hasta luego", "さようなら"])
def test_farewells(text: str) -> None:
    assert reply(text) == phrases.GOODBYE


@pytest.mark.parametrize("text", ["ok", "ok 🆗", "yes please", "了解です", "alles klar", ":tada:", "d'accord", "vale"])
def test_a_nod_wants_no_word_back(text: str) -> None:
    assert smalltalk.heard(text) is not None
    assert reply(text) is None


@pytest.mark.parametrize(
    "text",
    ["hi, how do refunds work?", "thanks, and monthly plans?", "great plans", "no refunds?", "good refund", "?", "...",
     "all", "for the info", "hello world program", "is it good", "merci de m'expliquer les remboursements", "bye laws",
     "Danke, und wie kündige ich?", "ありがとう、返金は？", "how are you deployed", "morning shift", "ok refund me", "",
     "thanks " * 50],
)  # fmt: skip
def test_anything_more_is_none(text: str) -> None:
    assert smalltalk.heard(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Thanks!", "en"),
        ("Danke, perfekt!", "de"),
        ("merci !", "fr"),
        ("¡Gracias!", "es"),
        ("どうも", "ja"),
        ("👍", ""),
    ],
)
def test_the_language_that_was_spoken_is_known(text: str, language: str) -> None:
    talk = smalltalk.heard(text)
    assert talk is not None
    assert talk.language == language

"""What counts as a question in any script, and what takes nothing over."""

import pytest

from bot.inbox.passing import is_passing
from bot.inbox.question_words import looks_like_question


@pytest.mark.parametrize(
    "text",
    [
        "how do refunds work",  # English
        "Das Geld kommt wann zurück?",
        "Wie geht das",  # German
        "comment faire pour être remboursé",  # French
        "¿Cómo funciona",
        "cuándo llega el dinero",  # Spanish
        "返金はいつですか",
        "返金はどうすればいいですか。",
        "返金？",  # noqa: RUF001  Japanese
        "退款怎么办",
        "能退款吗",  # Chinese
        "환불이 되나요",  # Korean
        "كيف أسترد أموالي؟",
        "هل يمكن ذلك",  # Arabic
        "چگونه پول را پس بگیرم",  # Persian
        "Πώς λειτουργεί;",
        "Λειτουργεί αυτό;",  # Greek
        "Ինչպե՞ս",  # noqa: RUF001  Armenian
        "Как вернуть деньги",  # Russian
        "Para iadesi alabilir miyim",  # Turkish
        "Czy mogę dostać zwrot",  # Polish
        "คืนเงินได้ไหม",  # Thai
        "मैं पैसे कैसे वापस लूँ",  # Hindi
        "कैसे करें",
        "ገንዘቤን መመለስ ይቻላል፧",  # Amharic
        "Hur fungerar det",  # Swedish
        "Quando chega o dinheiro",  # Portuguese
        "Tôi được hoàn tiền không",  # Vietnamese
        "is it ❓",
    ],
)
def test_questions_of_any_language(text: str) -> None:
    assert looks_like_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for that!",
        "see https://example.com/search?q=1 for more",
        "www.example.com/?a=b",
        "use `a ? b : c` there",
        "```\nreturn ok ? 1 : 0;\n```",
        "Done; thanks",
        "const x = 1;",
        "Good morning",
        "Come on, everyone",
        "Er ist da",
        "Ce soir, je rentre",
        "Ne t'inquiète pas",
        "了解しました",
        "好的",
        "감사합니다",
        "Спасибо!",
        "شكرا جزيلا",
        "ευχαριστώ",
        "今日は晴れです",
    ],
)
def test_what_is_none(text: str) -> None:
    assert not looks_like_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "+1", "+ 1!", "same here", "Me too 🙋", "👍", ":+1: :tada:", "Thanks!", "thank you so much",
        "@ann thanks a lot",
        "same here, thanks", "ich auch", "Danke schön", "moi aussi", "merci beaucoup", "yo también", "同じです",
        "我也是", "谢谢", "спасибо", "following", "🎉🎉", "bump", "", "<@U2> thx",
    ],
)  # fmt: skip
def test_what_takes_nothing_over(text: str) -> None:
    assert is_passing(text)


@pytest.mark.parametrize(
    "text",
    ["No.", "Yes", "I can take this over.", "Same here, restarting it helped.", "30 days", "+49 30 1234", "Nein!"],
)
def test_what_answers(text: str) -> None:
    assert not is_passing(text)

"""Documents are found in their own language, with its forms of words, also where they are few among others."""

from pathlib import Path

import pytest

from knowledge.models import Chunk, Collection, DocumentVersion, LanguageStatistics, SynonymSet
from knowledge.passages import languages
from knowledge.retrieval import search, synonyms
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

pytestmark = pytest.mark.django_db

ARTICLES = {
    "en-refunds.md": "# Refunds\n\nAnnual plans are refunded within thirty days of the purchase. Write to support.",
    "en-keys.md": "# Keys for the API\n\nA key is created in the settings of the workspace and can be revoked there.",
    "de-kuendigung.md": "# Kündigung\n\nVerträge können schriftlich mit einer Frist von drei Monaten gekündigt"
    " werden. Die Bestätigung erfolgt durch den Kundendienst.",
    "de-rechnung.md": "# Rechnungen\n\nDie Rechnungen werden am Anfang des Monats verschickt und sind sofort fällig.",
    "fr-remboursement.md": "# Remboursements\n\nLes clients sont remboursés sous trente jours après leur achat.",
    "fr-compte.md": "# Votre compte\n\nVous pouvez supprimer votre compte dans les réglages à tout moment.",
    "es-facturas.md": "# Facturas\n\nLas facturas se envían cada mes y pueden descargarse en la cuenta.",
    "ja-henkin.md": "# 返金について\n\n年間プランの返金は三十日以内に行われます。サポートに連絡してください。",
    "zh-tuikuan.md": "# 退款说明\n\n年度计划在购买后三十天内可以全额退款。请联系客户支持团队。",
    # ruff: noqa: RUF001
    "ru-vozvrat.md": "# Возвраты\n\nДеньги возвращаются в течение тридцати дней после покупки годового плана.",
}


@pytest.fixture
def shelf(tmp_path: Path) -> Collection:
    make_deployment()
    shelf = make_collection()
    make_indexed(shelf, *(make_file(tmp_path, name, text) for name, text in ARTICLES.items()))
    return shelf


def first(shelf: Collection, question: str) -> str:
    return search.retrieve(question, collections=[shelf.pk]).hits[0].path


def test_each_document_is_indexed_in_its_language(shelf: Collection) -> None:
    found = dict(DocumentVersion.objects.values_list("document__path", "language"))
    assert {path[:2]: language for path, language in found.items()} == {
        "en": "english", "de": "german", "fr": "french", "es": "spanish", "ru": "russian",
        "ja": "simple", "zh": "simple",
    }  # fmt: skip
    assert sum(LanguageStatistics.objects.values_list("chunk_count", flat=True)) == Chunk.objects.count()


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("When is an annual plan refunded?", "en-refunds.md"),
        ("revoking a key", "en-keys.md"),
        ("Wie kündige ich den Vertrag?", "de-kuendigung.md"),
        ("kundigen", "de-kuendigung.md"),
        ("Wann wird die Rechnung verschickt?", "de-rechnung.md"),
        ("Comment se faire rembourser ?", "fr-remboursement.md"),
        ("supprimer un compte, réglage", "fr-compte.md"),
        ("¿Dónde puedo descargar una factura?", "es-facturas.md"),
        ("返金は何日以内ですか", "ja-henkin.md"),
        ("年度计划可以退款吗", "zh-tuikuan.md"),
        ("когда возвращают деньги", "ru-vozvrat.md"),
    ],
)
def test_questions_find_the_forms_of_their_language_among_others(shelf: Collection, question: str, path: str) -> None:
    assert first(shelf, question) == path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Refunds take thirty days after the purchase.", "english"),
        ("```\nwenn ich der Code bin und die Funktion\n```\n", "english"),
        ("Die Kündigung muss schriftlich erfolgen und die Frist ist `the end of the month`.", "german"),
        ("42", "english"),
    ],
)
def test_code_and_numbers_say_nothing_about_the_language(text: str, expected: str) -> None:
    assert languages.configuration(text) == expected


def test_a_word_spelled_wrong_finds_what_was_meant_and_says_so(shelf: Collection) -> None:
    found = search.retrieve("refnuded annual plan", collections=[shelf.pk])
    assert found.hits[0].path == "en-refunds.md"
    assert found.corrections == {"refnud": "refund"}
    assert search.retrieve("refunded annual plan", collections=[shelf.pk]).corrections == {}


@pytest.mark.parametrize("written", ["purchasse", "puchase", "purchaze", "pruchase", "urchase", "purchsae"])
def test_one_letter_more_less_other_or_swapped_is_seen_through(shelf: Collection, written: str) -> None:
    assert list(search.retrieve(written, collections=[shelf.pk]).corrections.values()) == ["purchas"]


def test_codes_and_short_words_are_not_corrected(shelf: Collection) -> None:
    assert search.retrieve("keyz E1042 plam", collections=[shelf.pk]).corrections == {}


def test_words_of_collections_that_are_not_asked_correct_nothing(shelf: Collection, tmp_path: Path) -> None:
    secret = make_collection("Secret")
    make_indexed(secret, make_file(tmp_path, "secret.md", "# Project\n\nThe codename is zanzibarium."))
    assert search.retrieve("zanzibariun", collections=[shelf.pk]).corrections == {}
    assert search.retrieve("zanzibariun", collections=[shelf.pk, secret.pk]).corrections


def test_synonyms_are_searched_with_what_was_asked_and_at_once(shelf: Collection, tmp_path: Path) -> None:
    make_indexed(shelf, make_file(tmp_path, "t.md", "# Termination procedure\n\nIt ends when the form is sent."))
    question = "How do I cancel?"
    before = search.retrieve(question, collections=[shelf.pk])
    SynonymSet.objects.create(phrases=["cancel", "termination procedure", "end the contract"])
    after = search.retrieve(question, collections=[shelf.pk])
    assert after.hits[0].path == "t.md"
    assert after.answerable > before.answerable
    SynonymSet.objects.all().delete()
    assert search.retrieve(question, collections=[shelf.pk]).hits == before.hits


def test_a_phrase_of_several_words_is_one_synonym(shelf: Collection) -> None:
    SynonymSet.objects.create(phrases=["end the contract", "refund"])

    def words(question: str) -> float:
        hits = search.retrieve(question, collections=[shelf.pk]).hits
        return max(hit.scores["bm25"] for hit in hits if hit.path == "en-refunds.md")

    assert words("May we end it, or the contract?") == 0
    assert words("How can we end the contract?") > 1


def test_what_is_said_twice_is_shown_once(shelf: Collection, tmp_path: Path) -> None:
    same = f"{ARTICLES['en-refunds.md']} It takes a week until the money is on the account of the customer."
    three = {"one.md": same, "copy.md": same, "near.md": f"{same} Thanks."}
    make_indexed(shelf, *(make_file(tmp_path, name, text) for name, text in three.items()))
    hits = search.retrieve("When is an annual plan refunded?", collections=[shelf.pk]).hits
    assert len({hit.path for hit in hits} & set(three)) == 1
    assert len(hits) == 6


def test_sets_of_synonyms_are_added_once_and_removed_by_their_number(db: None) -> None:
    kept = synonyms.add(["Cancel", "end  the contract", "cancel"])
    assert str(kept) == "cancel = end the contract"
    for phrases, sentence in ((["x"], "at least two"), (["!", "y"], "at least two"), (["cancel", "z"], "in set")):
        with pytest.raises(synonyms.SynonymError, match=sentence):
            synonyms.add(phrases)
    assert synonyms.remove(kept.pk) == kept
    with pytest.raises(synonyms.SynonymError, match="There is no set"):
        synonyms.remove(kept.pk)

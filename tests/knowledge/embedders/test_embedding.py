"""The local model, and OpenAI's over its protocol."""

import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest
from pytest_django.fixtures import Settings

from knowledge.embedders import embedding
from knowledge.embedders.base import PassageText
from knowledge.embedders.embedding import embedder_for
from knowledge.embedders.local import MAX_TOKENS, LocalEmbedder, graph_path
from knowledge.embedders.openai import MAX_INPUTS, MAX_REQUEST_BYTES, OpenAIEmbedder
from llm.completion import ProviderError
from llm.models import Purpose, ServingRole, UsageRecord
from llm.vendors import UnknownVendorError
from tests.fakes.providers.fake import FakeProviders
from tests.rows.make import make_deployment

TEXT = "Annual plans are refunded within 30 days. The office cat sleeps all day."
SPANS = [(0, 41), (42, 72)]


@pytest.fixture
def local() -> LocalEmbedder:
    return LocalEmbedder(model="all-MiniLM-L6-v2", dimensions=384, base_url="", api_key="")


def test_the_graph_gives_the_vectors_of_the_published_model(local: LocalEmbedder) -> None:
    """The first numbers of sentence-transformers' vector for this sentence, and cosines it gives."""
    vector, usage = local.embed_question("This is an example sentence", 1)

    # Whole numbers of eight bits: processors without VNNI add them up with saturation, and are off by .016 here.
    assert vector[:4] == pytest.approx([0.0677, 0.0635, 0.0487, 0.0793], abs=0.02)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-3)
    assert usage.input_tokens == 7


def test_a_sentence_is_nearest_to_the_question_it_answers(local: LocalEmbedder) -> None:
    [passage], usage = local.embed_passages([PassageText("Refunds", TEXT, SPANS)], 1)
    asked, _ = local.embed_question("When can I get my money back?", 1)
    cat, _ = local.embed_question("Where is the cat?", 1)

    assert passage.sentence_vectors.shape == (2, 384)
    assert np.linalg.norm(passage.sentence_vectors, axis=1) == pytest.approx([1, 1], abs=1e-3)
    assert np.argmax(passage.sentence_vectors @ asked) == 0
    assert np.argmax(passage.sentence_vectors @ cat) == 1
    assert usage.input_tokens > 15


def test_vectors_come_back_in_the_order_of_the_passages(local: LocalEmbedder) -> None:
    texts = ["short", "a much longer text about refunds " * 9, "cats and dogs", "prices of plans " * 3]
    together, _ = local.embed_passages([PassageText("", text, []) for text in texts], 1)

    for text, vectors in zip(texts, together, strict=True):
        alone, _ = local.embed_question(text, 1)
        assert float(alone @ vectors.vector) > 0.95


def test_what_is_too_long_for_one_pass_is_read_in_parts(local: LocalEmbedder) -> None:
    filler = "Nothing of note is written in this sentence of the terms. " * 40
    text = filler + "The secret word is marmalade."
    spans = [(i * 58, i * 58 + 57) for i in range(40)] + [(len(filler), len(text))]
    assert embedding.count_tokens([text])[0] > MAX_TOKENS

    [passage], _ = local.embed_passages([PassageText("Terms", text, spans)], 1)
    asked, _ = local.embed_question("Which word is the secret?", 1)

    assert len(passage.sentence_vectors) == 41
    assert np.argmax(passage.sentence_vectors @ asked) == 40


def test_tokens_are_counted_without_the_marks_of_the_model() -> None:
    assert embedding.count_tokens(["refund policy", "", "unbelievably"]) == [3, 0, 5]


def test_the_model_survives_a_fork(local: LocalEmbedder) -> None:
    """A worker forked off a process that has used the model must not wait for threads it does not have."""
    script = (
        "import django, os; django.setup()\n"
        "from knowledge.embedders.local import LocalEmbedder\n"
        "e = LocalEmbedder(model='m', dimensions=384, base_url='', api_key='')\n"
        "e.embed_question('a', 1)\n"
        "child = os.fork()\n"
        "if not child:\n    e.embed_question('b ' * 200, 1)\n    os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    graph_path()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stdout.strip() == "7", done.stderr


@pytest.mark.django_db
def test_every_embedding_is_in_the_ledger() -> None:
    deployment = make_deployment(ServingRole.EMBED, provider="local", model="all-MiniLM-L6-v2", dimensions=384)

    asked = embedding.embed_question("refunds?", trace_id="1" * 32)
    embedding.embed_passages([PassageText("", TEXT, SPANS)], trace_id="2" * 32)

    assert asked.space == deployment.vector_space == "local/all-MiniLM-L6-v2/384"
    rows = UsageRecord.objects.order_by("id").values_list("trace_id", "purpose", "cost")
    assert list(rows) == [
        ("1" * 32, Purpose.EMBED_QUESTION.value, Decimal(0)),
        ("2" * 32, Purpose.EMBED_DOCUMENT.value, Decimal(0)),
    ]


@pytest.mark.django_db
def test_an_unknown_embedder_is_named(settings: Settings) -> None:
    with pytest.raises(UnknownVendorError, match="No vendor named abacus embeds; those that do are local, openai"):
        embedder_for(make_deployment(ServingRole.EMBED, provider="abacus", model="x", dimensions=3))


def test_batches_for_openai_keep_to_its_limits() -> None:
    embedder = OpenAIEmbedder(model="text-embedding-3-small", dimensions=1536, base_url="", api_key="")
    many = [PassageText("", "a. b.", [(0, 2), (3, 5)])] * 1000
    large = [PassageText("", "x" * 90_000, [])] * 100

    assert [len(batch) for batch in embedder.batches(many)] == [MAX_INPUTS // 3, 1000 - MAX_INPUTS // 3]
    assert sum(len(batch) for batch in embedder.batches(large)) == 100
    assert max(len(batch) for batch in embedder.batches(large)) <= MAX_REQUEST_BYTES // 8192


@pytest.mark.django_db
def test_openai_embeds_passages_and_sentences_in_one_request(settings: Settings, fake_providers: FakeProviders) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = fake_providers.key, fake_providers.openai_url
    make_deployment(ServingRole.EMBED, provider="openai", model="text-embedding-3-small", dimensions=1536)

    [two, one] = embedding.embed_passages(
        [PassageText("Refunds", TEXT, SPANS), PassageText("", "Cats sleep.", [(0, 11)])], trace_id="4" * 32
    )
    asked = embedding.embed_question("Refunds Annual plans are refunded within 30 days.", trace_id="4" * 32)

    assert fake_providers.requests[0].body["input"] == [
        f"Refunds\n{TEXT}",
        "Refunds\nAnnual plans are refunded within 30 days.",
        "Refunds\nThe office cat sleeps all day.",
        "Cats sleep.",
    ]
    assert fake_providers.requests[0].body["dimensions"] == 1536
    assert asked.space == "openai/text-embedding-3-small/1536"
    assert np.argmax(two.sentence_vectors @ asked.vector) == 0
    assert (one.sentence_vectors == one.vector).all()
    assert list(UsageRecord.objects.order_by("id").values_list("input_tokens", flat=True)) == [31, 8]


@pytest.mark.django_db
def test_a_refused_key_is_a_sentence_and_a_row(settings: Settings, fake_providers: FakeProviders) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "sk-wrong", fake_providers.openai_url
    make_deployment(ServingRole.EMBED, provider="openai", model="text-embedding-3-small", dimensions=1536)

    with pytest.raises(ProviderError, match="refused the key") as raised:
        embedding.embed_question("refunds?", trace_id="5" * 32)

    assert raised.value.permanent
    assert UsageRecord.objects.get().finish_reason == "key"


@pytest.mark.django_db
def test_vectors_of_another_length_than_was_deployed_are_refused(fake_providers: FakeProviders) -> None:
    embedder = OpenAIEmbedder(
        model="some-model",
        dimensions=7,
        base_url=fake_providers.openai_url,
        is_private_allowed=True,
        api_key=fake_providers.key,
    )

    with pytest.raises(ProviderError, match="vectors of 1536 numbers in place of 7"):
        embedder.embed_question("refunds?", 5)

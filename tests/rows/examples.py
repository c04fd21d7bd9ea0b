"""Rows of training examples."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from bot.answers import prompts
from bot.models import Voice
from foundation import secrets
from knowledge.retrieval.search import Hit
from llm.models import Endpoint, PromptVariant
from llm.prompt import Turn
from tests.fakes.providers.fine_tuning import KEY, FakeFineTuning
from tuning.examples.proposing import final
from tuning.models import Dataset, ExampleState, ModelVersion, TrainingExample

SUBJECTS = (
    "annual plans", "webhooks", "single sign-on", "the audit log", "invoices", "API keys", "seats", "data exports",
    "time zones", "guest accounts", "two-factor login", "the status page", "custom domains", "rate limits", "refunds",
    "trial periods", "phone support", "uploads", "notifications", "archived projects", "tax numbers", "templates",
)  # fmt: skip


def make_hit(title: str, text: str) -> Hit:
    """A passage of a document, as it was found."""
    return Hit(
        chunk_id=1, document_id=1, collection_id=1, path=f"{title}.md", url="", title=title, heading=title, text=text,
        ordinal=0, score=1.0, scores={}, sentences=(),
    )  # fmt: skip


def make_example(
    subject: str = "annual plans", *, others: Sequence[str] = (), history: Sequence[Turn] = (), **fields: Any
) -> TrainingExample:
    """An approved example about a subject, made outside of any workspace. `others` are passages that are not cited."""
    reviewer, _ = User.objects.get_or_create(username="reviewer")
    question = f"What should I know about {subject} before we buy?"
    answer = fields.pop("answer", f"Hello! Everything about {subject} is in the guide [1]. Happy to help!")
    hits = [make_hit("Guide", f"The guide tells about {subject}."), *(make_hit("Others", text) for text in others)]
    manner = prompts.Manner(voice=Voice(name="warm", version=1, style_guide="Warm."))
    prompt = prompts.build(question, hits, history, may_search=True, manner=manner)
    return TrainingExample.objects.create(
        **{
            "question": question,
            "original_answer": f"The guide tells about {subject} [1].",
            "answer": answer,
            "template_hash": prompts.template_hash(),
            "state": ExampleState.APPROVED,
            "reviewer": reviewer,
            "reviewed_at": timezone.now(),
            **final(prompt.messages(), answer),
            **fields,
        }
    )


def make_examples(count: int = 12) -> list[TrainingExample]:
    """Approved examples about different subjects."""
    return [make_example(subject) for subject in SUBJECTS[:count]]


def make_dataset(name: str = "voice", **fields: Any) -> Dataset:
    """A dataset without lines, for what only has to name one."""
    return Dataset.objects.create(
        **{
            "name": name,
            "template_hash": prompts.template_hash(PromptVariant(fields.get("prompt", PromptVariant.FULL))),
            "checksum": "c" * 64,
            "salt": "s",
            "clusters": 10,
            "barred": 0,
            "tokens": 1000,
            "longest": 100,
            **fields,
        }
    )


def make_tuned(endpoint: Endpoint, model: str = "ft:a-model:acme::1", **fields: Any) -> ModelVersion:
    """A registered model that was tuned on a dataset."""
    dataset = fields.pop("dataset", None) or make_dataset()
    return ModelVersion.objects.create(
        **{
            "endpoint": endpoint,
            "model": model,
            "base": "a-model",
            "dataset": dataset,
            "prompt": dataset.prompt,
            "template_hash": dataset.template_hash,
            **fields,
        }
    )


def make_tuner(fine_tuning: FakeFineTuning) -> Endpoint:
    """The local server that speaks the fine-tuning API, as an endpoint."""
    return Endpoint.objects.create(
        name="tuner",
        provider="openai",
        base_url=fine_tuning.url,
        is_private_allowed=True,
        encrypted_key=secrets.encrypt(KEY),
    )

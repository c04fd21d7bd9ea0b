"""Rows of training examples."""

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from bot.answers import prompts
from llm.models import Endpoint, PromptVariant
from llm.prompt import Passage, Prompt
from tuning.examples.proposing import final
from tuning.models import Dataset, ExampleState, ModelVersion, TrainingExample

SUBJECTS = (
    "annual plans", "webhooks", "single sign-on", "the audit log", "invoices", "API keys", "seats", "data exports",
    "time zones", "guest accounts", "two-factor login", "the status page", "custom domains", "rate limits", "refunds",
    "trial periods", "phone support", "uploads", "notifications", "archived projects", "tax numbers", "templates",
)  # fmt: skip


def make_example(subject: str = "annual plans", **fields: Any) -> TrainingExample:
    """An approved example about a subject, made outside of any workspace."""
    reviewer, _ = User.objects.get_or_create(username="reviewer")
    question = f"What should I know about {subject} before we buy?"
    answer = fields.pop("answer", f"Hello! Everything about {subject} is in the guide [1]. Happy to help!")
    prompt = Prompt(
        system=prompts.SYSTEM.format(search="", language=prompts.LANGUAGE, style=prompts.STYLE.format(rules="- Warm.")),
        question=question,
        context=f"=====\n[1] Guide\nThe guide tells about {subject}.\n=====",
        passages=(Passage(1, "Guide", "", f"The guide tells about {subject}."),),
    )
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

"""Which models are known, and which of them serves."""

from datetime import date
from typing import Any

from django.contrib.auth.models import User

from bot.answers import answering, asking, prompts
from llm.models import Deployment, Endpoint, PromptVariant, ServingRole
from tuning.models import Dataset, FineTuneJob, ModelVersion


class RegistryError(ValueError):
    """The model cannot be registered, or may not serve; the message says why."""


def register(
    endpoint: Endpoint, model: str, *, base: str = "", dataset: Dataset | None = None, by: User | None = None
) -> ModelVersion:
    """A model that is served somewhere; `base` and `dataset` where it was tuned. Raises RegistryError.

    Registering the same again changes nothing.
    """
    model = model.strip()
    if not model:
        raise RegistryError("Say what the model is called at its endpoint.")
    if dataset is not None and not base.strip():
        raise RegistryError("Say which model was tuned on the dataset.")
    prompt = PromptVariant(dataset.prompt) if dataset else PromptVariant.FULL
    version, is_new = ModelVersion.objects.get_or_create(
        endpoint=endpoint,
        model=model,
        defaults={
            "base": base.strip(),
            "dataset": dataset,
            "prompt": prompt,
            "template_hash": dataset.template_hash if dataset else prompts.template_hash(prompt),
            "retrieval": retrieval_now(),
            "created_by": by,
        },
    )
    if is_new or dataset is None or version.dataset_id == dataset.pk:
        return version
    if version.dataset_id is not None:
        raise RegistryError(f"{version} is registered already, and not as trained on {dataset}.")
    return _adopted(version, dataset, base.strip())


def _adopted(version: ModelVersion, dataset: Dataset, base: str) -> ModelVersion:
    """A model that was known by name alone, with what is known of it by now."""
    version.base, version.dataset, version.prompt = base, dataset, dataset.prompt
    version.template_hash = dataset.template_hash
    version.save(update_fields=["base", "dataset", "prompt", "template_hash"])
    return version


def register_job(job: FineTuneJob) -> ModelVersion:
    """What came of a job."""
    if job.endpoint is None:
        raise RegistryError(f"{job} has no endpoint where its model is served; register it by hand.")
    version = register(job.endpoint, job.model, base=job.base, dataset=job.dataset, by=job.created_by)
    attach(version, job)
    return version


def attach(version: ModelVersion, job: FineTuneJob) -> None:
    """Keep with a version the job that it came of, and what it is for; the first job stays."""
    known = {"note": to_be_evaluated(job.replaces)} if job.replaces else {}
    ModelVersion.objects.filter(pk=version.pk, job=None).update(job=job, parameters=job.parameters, **known)


def to_be_evaluated(before: ModelVersion) -> str:
    """What is kept with a version that was made to take the place of another."""
    return f"To be evaluated against {before}, whose place it is to take, before it answers."[:300]


def retrieval_now() -> dict[str, Any]:
    """How passages are found and how many a model is given, as far as an install can differ from another."""
    embed = Deployment.objects.newest_of(ServingRole.EMBED)
    return {
        "embedding": embed.vector_space if embed else None,
        "passages": answering.PASSAGES,
        "more_passages": answering.MORE_PASSAGES,
        "least_to_read": asking.LEAST_TO_READ,
    }


def live(role: ServingRole = ServingRole.ANSWER) -> ModelVersion | None:
    """The version that answers, or serves another role; None where what does is not registered, or nobody does."""
    deployment = Deployment.objects.newest_of(role)
    if deployment is None:
        return None
    return ModelVersion.objects.filter(endpoint=deployment.endpoint, model=deployment.model).first()


def role_of(version: ModelVersion) -> ServingRole:
    """What a version can do: one that was trained to say answers again answers no question."""
    return ServingRole.RESTYLE if version.prompt == PromptVariant.RESTYLE else ServingRole.ANSWER


def is_live(version: ModelVersion) -> bool:
    return version == live(role_of(version))


def register_live() -> ModelVersion:
    """The model that answers now, so that there is always one to go back to. Raises Deployment.DoesNotExist."""
    deployment = Deployment.objects.live(ServingRole.ANSWER)
    return register(deployment.endpoint, deployment.model)


def wording_for(role: ServingRole, endpoint: Endpoint, model: str) -> PromptVariant:
    """In which words a model is asked in a role. Raises RegistryError for a model that was trained for other work."""
    version = ModelVersion.objects.filter(endpoint=endpoint, model=model).first()
    if version is None:
        return PromptVariant.RESTYLE if role == ServingRole.RESTYLE else PromptVariant.FULL
    is_restyler = role_of(version) == ServingRole.RESTYLE
    if is_restyler and role != ServingRole.RESTYLE:
        raise RegistryError(f"{version} was trained to say answers again in the voice, and answers no questions.")
    if role == ServingRole.RESTYLE and not is_restyler and version.is_tuned:
        raise RegistryError(f"{version} was trained to answer questions, not to say answers again in the voice.")
    return PromptVariant.RESTYLE if role == ServingRole.RESTYLE else PromptVariant(version.prompt)


def is_current(made: Dataset | ModelVersion) -> bool:
    """Whether the wording of the prompt that something was made for is the one that this version of Parley asks in."""
    return made.template_hash == prompts.template_hash(PromptVariant(made.prompt))


def check_wording(version: ModelVersion) -> None:
    """Raises RegistryError where it was trained on other words than it would be asked in.

    A base has learnt no words of ours; of a tune without its dataset nobody knows them, which its page says.
    """
    has_learnt_ours = version.dataset_id is not None or role_of(version) == ServingRole.RESTYLE
    if has_learnt_ours and not is_current(version):
        raise RegistryError(
            f"{version} was trained on another wording of the prompt than this version of Parley asks in; freeze the"
            " examples anew and tune again."
        )


def state_retirement(version: ModelVersion, day: date | None, *, by: str) -> None:
    """Keep the day from which a version is not served any more, as a person knows it; None: nobody does."""
    told = {"retires_on": day, "retirement_told_by": by if day else ""}
    ModelVersion.objects.filter(pk=version.pk).update(**told)

"""Which models are known, and which of them serves."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from bot.answers import answering, prompts
from llm import trials
from llm.models import Deployment, Endpoint, PromptVariant, ServingRole
from tuning.models import Dataset, FineTuneJob, ModelVersion

TRIAL_SECONDS = 8.0  # so that a rollback is done in ten


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
    ModelVersion.objects.filter(pk=version.pk, job=None).update(job=job, parameters=job.parameters)
    return version


def retrieval_now() -> dict[str, Any]:
    """How passages are found and how many a model is given, as far as an install can differ from another."""
    embed = Deployment.objects.select_related("endpoint").filter(role=ServingRole.EMBED).order_by("-id").first()
    return {
        "embedding": embed.vector_space if embed else None,
        "passages": answering.PASSAGES,
        "more_passages": answering.MORE_PASSAGES,
        "least_to_read": answering.LEAST_TO_READ,
    }


def live(role: ServingRole = ServingRole.ANSWER) -> ModelVersion | None:
    """The version that answers, or serves another role; None where what does is not registered, or nobody does."""
    deployment = Deployment.objects.filter(role=role).order_by("-id").first()
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


def check_wording(version: ModelVersion) -> None:
    """Raises RegistryError where it was trained on other words than it would be asked in."""
    if version.template_hash != prompts.template_hash(PromptVariant(version.prompt)):
        raise RegistryError(
            f"{version} was trained on another wording of the prompt than this version of Parley asks in; freeze the"
            " examples anew and tune again."
        )


def deploy(version: ModelVersion, *, reason: str, by: User | None) -> Deployment:
    """Let a version answer, or restyle, from now on, once it has answered a trial. Raises RegistryError.

    Where nobody stands in for a tuned model that answers, the base that answered before does from now on.
    """
    if not reason.strip():
        raise RegistryError("Say why, for those who come after.")
    check_wording(version)
    role = role_of(version)
    wanted = Deployment(role=role, endpoint=version.endpoint, model=version.model, prompt=version.prompt)
    if refusal := _refusal(wanted):
        raise RegistryError(f"{version} does not answer, so it was not let serve: {refusal}")
    with transaction.atomic():
        register_live()
        if role == ServingRole.ANSWER:
            _have_stand_in(version, by)
        return Deployment.objects.append(wanted, reason=reason, by=by)


def roll_back(*, by: User | None, role: ServingRole = ServingRole.ANSWER) -> Deployment:
    """Let the newest model before that still answers a trial serve again. Raises RegistryError when there is none."""
    rows = list(Deployment.objects.select_related("endpoint").filter(role=role).order_by("-id")[:100])
    before = list({_served(row): row for row in reversed(rows) if _served(row) != _served(rows[0])}.values())
    if not before:
        raise RegistryError("No other model has served before.")
    reasons: list[str] = []
    for row in reversed(before):
        refusal = _wording_refusal(row) or _refusal(row)
        if not refusal:
            skipped = f"; {'; '.join(reasons)}" if reasons else ""
            return Deployment.objects.append(row, reason=f"rolled back from {rows[0]}{skipped}", by=by)
        reasons.append(f"{row} cannot serve: {refusal}")
    raise RegistryError(f"None of those before can serve. {' '.join(reasons)}")


def _refusal(row: Deployment) -> str:
    """Why a model cannot serve now, in its server's words; empty where it answers, or where it is nobody."""
    if row.is_quoting or not row.model:
        return ""
    trial = trials.run(row.endpoint, row.model, seconds=TRIAL_SECONDS)
    return "" if trial.is_ok else trial.detail


def _wording_refusal(row: Deployment) -> str:
    version = ModelVersion.objects.filter(endpoint=row.endpoint, model=row.model).first()
    try:
        if version is not None:
            check_wording(version)
    except RegistryError as error:
        return str(error)
    return ""


def _have_stand_in(version: ModelVersion, by: User | None) -> None:
    """The base that answered last stands in for a tuned model, unless somebody has decided who does, or that none."""
    if not version.is_tuned or Deployment.objects.filter(role=ServingRole.FALLBACK).exists():
        return
    tuned = ModelVersion.objects.exclude(base="").values_list("endpoint_id", "model")
    rows = Deployment.objects.select_related("endpoint").filter(role=ServingRole.ANSWER).order_by("-id")[:100]
    base = next((row for row in rows if (row.endpoint_id, row.model) not in set(tuned)), None)
    if base is not None:
        row = Deployment(role=ServingRole.FALLBACK, endpoint=base.endpoint, model=base.model, prompt=base.prompt)
        Deployment.objects.append(row, reason=f"stands in for {version} when it is down", by=by)


def _served(row: Deployment) -> tuple[int, str, str]:
    return row.endpoint_id, row.model, row.prompt

"""Which models are known, and which of them serves."""

from datetime import date

from django.contrib.auth.models import User
from django.db import transaction

from bot.answers import prompts
from llm.models import Deployment, Endpoint, PromptVariant, ServingRole
from tuning.models import Dataset, FineTuneJob, ModelVersion

LONGEST_SERVED = 200  # signs of a name that llm.models.Deployment holds


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


def live() -> ModelVersion | None:
    """The version that answers; None where what answers is not registered."""
    deployment = Deployment.objects.filter(role=ServingRole.ANSWER).order_by("-id").first()
    if deployment is None:
        return None
    return ModelVersion.objects.filter(endpoint=deployment.endpoint, model=deployment.model).first()


def register_live() -> ModelVersion:
    """The model that answers now, so that there is always one to go back to. Raises Deployment.DoesNotExist."""
    deployment = Deployment.objects.live(ServingRole.ANSWER)
    return register(deployment.endpoint, deployment.model)


def prompt_of(endpoint: Endpoint, model: str) -> PromptVariant:
    """In which words a model is asked: those it was trained on, in full where nobody has registered it."""
    version = ModelVersion.objects.filter(endpoint=endpoint, model=model).first()
    return PromptVariant(version.prompt) if version else PromptVariant.FULL


def is_current(made: Dataset | ModelVersion) -> bool:
    """Whether the wording of the prompt that something was made for is the one that this version of Parley asks in."""
    return made.template_hash == prompts.template_hash(PromptVariant(made.prompt))


def check_wording(version: ModelVersion) -> None:
    """Raises RegistryError where it was trained on other words than it would be asked in.

    A base has learnt no words of ours; of a tune without its dataset nobody knows them, which its page says.
    """
    if version.dataset_id is not None and not is_current(version):
        raise RegistryError(
            f"{version} was trained on another wording of the prompt than this version of Parley asks in; freeze the"
            " examples anew and tune again."
        )


@transaction.atomic
def deploy(version: ModelVersion, *, reason: str, by: User | None) -> Deployment:
    """Let a version answer from now on. Raises RegistryError."""
    if not reason.strip():
        raise RegistryError("Say why, for those who come after.")
    if len(version.model) > LONGEST_SERVED:
        raise RegistryError(f"{version.model[:40]}… is longer than {LONGEST_SERVED} signs: serve it by a shorter name.")
    check_wording(version)
    register_live()
    wanted = Deployment(role=ServingRole.ANSWER, endpoint=version.endpoint, model=version.model, prompt=version.prompt)
    return Deployment.objects.append(wanted, reason=reason, by=by)


@transaction.atomic
def serve(role: ServingRole, endpoint: Endpoint, model: str, *, reason: str, by: User | None) -> Deployment:
    """Let a model serve a role, by its name. One that answers is registered, and asked in the words it was trained on.

    Raises RegistryError.
    """
    if role == ServingRole.ANSWER:
        return deploy(register(endpoint, model, by=by), reason=reason, by=by)
    known = ModelVersion.objects.filter(endpoint=endpoint, model=model.strip()).first()
    if role == ServingRole.FALLBACK and known is not None and known.prompt != PromptVariant.FULL:
        raise RegistryError(f"{known} answers one prompt alone, and a fallback is asked what another would have been.")
    wanted = Deployment(role=role, endpoint=endpoint, model=model.strip())
    return Deployment.objects.append(wanted, reason=reason, by=by)


def before() -> Deployment | None:
    """The model that answered before the one that answers now; None where there was no other."""
    rows = list(Deployment.objects.select_related("endpoint").filter(role=ServingRole.ANSWER).order_by("-id")[:100])
    return next((row for row in rows[1:] if _served(row) != _served(rows[0])), None)


@transaction.atomic
def roll_back(*, by: User | None) -> Deployment:
    """Let the model before answer again. Raises RegistryError when there was none, or its words have changed."""
    found = before()
    if found is None:
        raise RegistryError("No other model has answered before.")
    return serve_again(found, reason=f"rolled back from {Deployment.objects.live(ServingRole.ANSWER)}", by=by)


def serve_again(row: Deployment, *, reason: str, by: User | None) -> Deployment:
    """Let a decision of before stand again. Raises RegistryError where the words that it learnt have changed since."""
    version = ModelVersion.objects.filter(endpoint=row.endpoint, model=row.model).first()
    if version is not None and row.role == ServingRole.ANSWER:
        check_wording(version)
    return Deployment.objects.append(row, reason=reason, by=by)


def state_retirement(version: ModelVersion, day: date | None, *, by: str) -> None:
    """Keep the day from which a version is not served any more, as a person knows it; None: nobody does."""
    told = {"retires_on": day, "retirement_told_by": by if day else ""}
    ModelVersion.objects.filter(pk=version.pk).update(**told)


def _served(row: Deployment) -> tuple[int, str, str]:
    return row.endpoint_id, row.model, row.prompt

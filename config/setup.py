"""First-run set-up, safe to repeat: schema, live models, an administrator, the sample help centre."""

import logging

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction

from bot import tasks as bot_tasks
from config import schema
from dashboard import tasks as dashboard_tasks
from evaluation import tasks as evaluation_tasks
from knowledge import tasks
from knowledge.index import model_change
from llm import tasks as llm_tasks
from llm import vendors
from llm.models import Deployment, Endpoint, PromptVariant, ServingRole
from tuning import tasks as tuning_tasks
from tuning.registry import versions

logger = logging.getLogger(__name__)

# The model a provider answers with when only its key is given: the cheapest current one that follows instructions.
ANSWER_MODELS = {"openai": "gpt-6-luna", "anthropic": "claude-haiku-5-5", vendors.QUOTING: vendors.SENTENCES}
NOBODY = "none"  # as FALLBACK_MODEL: the fallback that is live goes


def ensure_ready(*, may_migrate: bool) -> None:
    """Make the database ready for a command; raises CommandError with a sentence when a person has to act.

    `may_migrate` is for the embedded database, which nobody else uses; an empty one is always set up.
    """
    schema.check_server()
    if schema.is_current() and _has_models():
        return
    with schema.alone():
        if not schema.is_current():
            if not may_migrate and not schema.is_empty():
                raise CommandError("The database is older than this version of Parley; run: manage.py setup")
            migrate()
        if not _has_models():
            deploy_models()


def _has_models() -> bool:
    return {ServingRole.ANSWER, ServingRole.EMBED} <= set(Deployment.objects.values_list("role", flat=True))


def migrate() -> None:
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    tasks.schedule()
    dashboard_tasks.schedule()
    bot_tasks.schedule()
    evaluation_tasks.schedule()
    llm_tasks.schedule()
    tuning_tasks.schedule()


def deploy_models() -> list[Deployment]:
    """Append a deployment for each role whose wanted model is not live; returns the ones appended.

    ANSWER_MODEL, EMBED_MODEL and FALLBACK_MODEL say what is wanted; without them a live model stays. What they say is
    heard once: a model that was let answer since stays, until they say something else. The first set-up
    then takes a provider whose key is there, embeds on this machine, and has no fallback. An embedding model that has
    passages to embed first goes live when its index is built; see knowledge.index.model_change.
    """
    wanted = {
        ServingRole.ANSWER: settings.ANSWER_MODEL,
        ServingRole.EMBED: settings.EMBED_MODEL,
        ServingRole.FALLBACK: settings.FALLBACK_MODEL,
    }
    return [each for role, name in wanted.items() if (each := _deploy(role, name)) is not None]


def _deploy(role: ServingRole, wanted: str) -> Deployment | None:
    live = Deployment.objects.newest_of(role)
    if not wanted and (live is not None or role == ServingRole.FALLBACK):
        return None
    if role == ServingRole.FALLBACK and wanted == NOBODY:
        return _withdraw(live)
    reason = _asked(role) if wanted else "chosen at the first set-up"
    provider, _, model = (wanted or _default(role)).partition(":")
    model = model or (ANSWER_MODELS.get(provider, "") if role != ServingRole.EMBED else "")
    _check_known(role, provider, model)
    endpoint = _endpoint(provider)
    dimensions = _dimensions(model) if role == ServingRole.EMBED else None
    if _is_heard(role, wanted, f"{provider}:{model}", live, dimensions):
        return None
    deployment = Deployment(role=role, endpoint=endpoint, model=model, dimensions=dimensions, reason=reason)
    deployment.prompt = _prompt(role, endpoint, model)
    if role != ServingRole.EMBED or live is None:
        deployment.save()
    elif not model_change.deploy_at_once(deployment):
        _build_index(deployment)
        return None
    return deployment


def _prompt(role: ServingRole, endpoint: Endpoint, model: str) -> PromptVariant:
    try:
        return versions.wording_for(role, endpoint, model)
    except versions.RegistryError as error:
        raise CommandError(f"{role.upper()}_MODEL: {error}") from error


def _asked(role: ServingRole) -> str:
    return f"{role.upper()}_MODEL asks for it"


def _is_heard(role: ServingRole, wanted: str, name: str, live: Deployment | None, dimensions: int | None) -> bool:
    """Whether nothing has to be done: it is live, or the same setting was followed before, whatever came since."""
    if live is not None and (str(live), live.dimensions) == (name, dimensions):
        return not wanted or role == ServingRole.EMBED or _last_asked(role) == name
    return bool(wanted) and role != ServingRole.EMBED and _last_asked(role) == name


def _last_asked(role: ServingRole) -> str:
    """What the setting said when it was last followed; empty when it never was."""
    reasons = (_asked(role), _withdrawn(role))
    row = Deployment.objects.select_related("endpoint").filter(role=role, reason__in=reasons).order_by("-id").first()
    return str(row) if row else ""


def _withdrawn(role: ServingRole) -> str:
    return f"{role.upper()}_MODEL is {NOBODY}"


def _withdraw(live: Deployment | None) -> Deployment | None:
    """From now on nobody stands in for the answer model."""
    if _last_asked(ServingRole.FALLBACK).endswith(":") or (live is not None and not live.model):
        return None
    endpoint = live.endpoint if live else _endpoint("extractive")
    reason = _withdrawn(ServingRole.FALLBACK)
    return Deployment.objects.create(role=ServingRole.FALLBACK, endpoint=endpoint, reason=reason)


@transaction.atomic
def _endpoint(provider: str) -> Endpoint:
    endpoint, _ = Endpoint.objects.get_or_create(name=provider, defaults={"provider": provider})
    if given := getattr(settings, f"{provider.upper()}_BASE_URL", ""):
        Endpoint.objects.filter(pk=endpoint.pk).update(base_url=given, is_private_allowed=True)
    return endpoint


def _build_index(wanted: Deployment) -> None:
    """Have the index of another embedding model built; until it is, the live one goes on."""
    if model_change.under_way_of(wanted):
        return
    try:
        build = model_change.request(wanted.endpoint, wanted.model, wanted.dimensions or 0)
    except model_change.BuildError as error:
        logger.warning("The embedding model stays as it is: %s", error)
        return
    tasks.queue_index_build(build.pk)


def _default(role: ServingRole) -> str:
    """The first provider whose key is set; without any, sentences quoted from the documents, which need none."""
    if role == ServingRole.EMBED:
        return "local:all-MiniLM-L6-v2"
    keys = {"openai": settings.OPENAI_API_KEY, "anthropic": settings.ANTHROPIC_API_KEY}
    return next((provider for provider, key in keys.items() if key), "extractive")


def _dimensions(model: str) -> int:
    dimensions = settings.EMBED_DIMENSIONS or model_change.DIMENSIONS.get(model)
    if dimensions is None:
        raise CommandError(f"Set EMBED_DIMENSIONS to the length of the vectors of {model}.")
    return dimensions


def _check_known(role: ServingRole, provider: str, model: str) -> None:
    able = vendors.those_that("embeds" if role == ServingRole.EMBED else "answers")
    if provider not in able or not model:
        known = ", ".join(able)
        raise CommandError(f"{role.upper()}_MODEL must be PROVIDER:MODEL, with a provider out of: {known}.")


def ensure_admin() -> User:
    """The first administrator; made without a password, as the one-time link is how it logs in."""
    admin = User.objects.filter(is_superuser=True).order_by("id").first()
    return admin or User.objects.create_superuser("admin")

"""Letting a registered model serve, and going back to one of before. Each is tried first."""

from django.contrib.auth.models import User
from django.db import transaction

from llm import trials
from llm.models import Deployment, Endpoint, Rollout, RolloutState, ServingRole
from tuning.models import ModelVersion
from tuning.registry import versions
from tuning.registry.versions import RegistryError

TRIAL_SECONDS = 8.0
ROLLBACK_SECONDS, FEWER = (
    6.0,
    3,
)  # for the newest model before, and a third of it for each one further back: nine in all
REMEMBERED = 100  # decisions that are looked back on
LONGEST_SERVED = 200  # signs of a name that llm.models.Deployment holds
NO_OTHER = "No other model has served before."
OPTIONAL = (ServingRole.FALLBACK, ServingRole.RESTYLE)  # roles that nobody need serve


def deploy(version: ModelVersion, *, reason: str, by: User | None) -> Deployment:
    """Let a version answer, or restyle, from now on, once it has answered a trial. Raises RegistryError.

    Where nobody stands in for a tuned model that answers, the base that answered before does from now on. Asks the
    model, so no transaction may be open.
    """
    wanted = tried(version, reason=reason)
    with transaction.atomic():
        return begin(wanted, version, reason=reason, by=by)


def tried(version: ModelVersion, *, reason: str) -> Deployment:
    """A version as it would serve, which has just answered a trial; nothing is kept. Raises RegistryError."""
    versions.check_wording(version)
    role = versions.role_of(version)
    wanted = Deployment(role=role, endpoint=version.endpoint, model=version.model, prompt=version.prompt)
    _check(wanted, reason)
    return wanted


def serve(role: ServingRole, endpoint: Endpoint, model: str, *, reason: str, by: User | None) -> Deployment:
    """Let a model serve a role, by its name: in the words it was trained on, and registered where it answers.

    Raises RegistryError.
    """
    wanted = Deployment(role=role, endpoint=endpoint, model=model.strip())
    wanted.prompt = versions.wording_for(role, endpoint, wanted.model)
    if known := ModelVersion.objects.filter(endpoint=endpoint, model=wanted.model).first():
        versions.check_wording(known)
    _check(wanted, reason)
    if role != ServingRole.ANSWER:
        return Deployment.objects.append(wanted, reason=reason, by=by)
    with transaction.atomic():  # only what has answered is registered: a mistyped name would stay
        return begin(wanted, versions.register(endpoint, wanted.model, by=by), reason=reason, by=by)


def begin(wanted: Deployment, version: ModelVersion, *, reason: str, by: User | None) -> Deployment:
    """Let what was tried serve from now on, in the transaction of the caller."""
    versions.register_live()
    if wanted.role == ServingRole.ANSWER:
        _have_stand_in(version, by)
    return Deployment.objects.append(wanted, reason=reason, by=by)


def is_served(version: ModelVersion) -> bool:
    """Whether a version serves its role now, in its own words."""
    live = Deployment.objects.newest_of(versions.role_of(version))
    return live is not None and live.served == (version.endpoint_id, version.model, version.prompt)


def before() -> Deployment | None:
    """The model that answered before the one that answers now; None where there was no other."""
    return next(iter(_before(ServingRole.ANSWER)), None)


def newest_decision() -> str:
    """What going back to the model before would take back now, as a sign to tell it by: a rollout, or who answers."""
    if rollout := Rollout.objects.going():
        return f"rollout {rollout.pk}"
    live = Deployment.objects.newest_of(ServingRole.ANSWER)
    return f"deployment {live.pk}" if live else ""


def roll_back(*, by: User | None, role: ServingRole = ServingRole.ANSWER, seen: str = "") -> Deployment:
    """Let the newest model before that can still serve do so again, within ten seconds however many do not answer.

    While a rollout goes that is the live one, to which all conversations go back at once, unless another was let answer
    meanwhile. `seen` is the `newest_decision` that a person saw, where that is a while ago: of two presses one counts.
    Raises RegistryError when there is none.
    """
    if seen and seen != newest_decision():
        raise RegistryError(f"Somebody was quicker: {_live(role)} answers now.")
    if role == ServingRole.ANSWER and (live := _withdrawn(by)):
        return live
    reasons: list[str] = []
    for number, row in enumerate(_before(role)):
        if refusal := _refusal(row, seconds=ROLLBACK_SECONDS / FEWER**number):
            reasons.append(f"{row} cannot serve: {refusal}")
            continue
        left = f"; {'; '.join(reasons)}" if reasons else ""
        return Deployment.objects.append(row, reason=f"rolled back from {_live(role)}{left}", by=by)
    raise RegistryError(" ".join(["None of those before can serve.", *reasons] if reasons else [NO_OTHER]))


def _withdrawn(by: User | None) -> Deployment | None:
    """The live model, to which a rollout that went beside it gave all conversations back; None where none did."""
    rollout = Rollout.objects.going()
    if rollout is None:
        return None
    live = Deployment.objects.live(ServingRole.ANSWER)
    is_beside = live.served == rollout.beside.served
    why = f"Rolled back to {live}." if is_beside else f"Rolled back from {live}, beside which it was not compared."
    return live if rollout.end(RolloutState.WITHDRAWN, why, by=by) and is_beside else None


def serve_again(row: Deployment, *, reason: str, by: User | None) -> Deployment:
    """Let a decision of before stand again. Raises RegistryError where it cannot serve any more."""
    if refusal := _refusal(row):
        raise RegistryError(f"{row} cannot serve: {refusal}")
    return Deployment.objects.append(row, reason=reason, by=by)


def switch_off(role: ServingRole, *, reason: str, by: User | None) -> Deployment:
    """Let nobody serve a role from now on. Raises RegistryError where nobody does, or somebody has to."""
    if role not in OPTIONAL:
        raise RegistryError(f"Somebody has to {role.label.lower()}: let another model serve instead.")
    live = Deployment.objects.newest_of(role)
    if live is None or not live.model:
        raise RegistryError("It is off already.")
    nobody = Deployment(role=role, endpoint=live.endpoint, prompt=live.prompt)
    return Deployment.objects.append(nobody, reason=reason, by=by)


def _before(role: ServingRole) -> list[Deployment]:
    """What served a role before, the newest first, each model once, without the one that does now."""
    rows = list(Deployment.objects.select_related("endpoint").filter(role=role).order_by("-id")[:REMEMBERED])
    newest: dict[tuple[int, str, str], Deployment] = {}
    for row in rows:
        newest.setdefault(row.served, row)
    return list(newest.values())[1:]


def _live(role: ServingRole) -> str:
    return str(Deployment.objects.live(role))


def _check(wanted: Deployment, reason: str) -> None:
    if not reason.strip():
        raise RegistryError("Say why, for those who come after.")
    if wanted.role == ServingRole.RESTYLE and wanted.is_quoting:
        raise RegistryError(f"{wanted} quotes, and cannot say an answer again.")
    if len(wanted.model) > LONGEST_SERVED:
        raise RegistryError(f"{wanted.model[:40]}… is longer than {LONGEST_SERVED} signs: serve it by a shorter name.")
    if refusal := _silence(wanted):
        raise RegistryError(f"{wanted} does not answer, so it was not let serve: {refusal}")


def _refusal(row: Deployment, seconds: float = TRIAL_SECONDS) -> str:
    """Why a model of before cannot serve now; empty where it can."""
    version = ModelVersion.objects.filter(endpoint=row.endpoint, model=row.model).first()
    try:
        if version is not None:
            versions.check_wording(version)
    except RegistryError as error:
        return str(error)
    return _silence(row, seconds)


def _silence(row: Deployment, seconds: float = TRIAL_SECONDS) -> str:
    """Why a model gives no answer, in its server's words; empty where it does, or where nobody is asked."""
    if row.is_quoting or not row.model:
        return ""
    trial = trials.run(row.endpoint, row.model, seconds=seconds)
    return "" if trial.is_ok else trial.detail


def _have_stand_in(version: ModelVersion, by: User | None) -> None:
    """The base that answered last stands in for a tuned model, unless somebody has decided who does, or that none."""
    if not version.is_tuned or Deployment.objects.filter(role=ServingRole.FALLBACK).exists():
        return
    tuned = set(ModelVersion.objects.exclude(base="").values_list("endpoint_id", "model"))
    rows = Deployment.objects.select_related("endpoint").filter(role=ServingRole.ANSWER).order_by("-id")[:REMEMBERED]
    base = next((row for row in rows if (row.endpoint_id, row.model) not in tuned), None)
    if base is not None:
        row = Deployment(role=ServingRole.FALLBACK, endpoint=base.endpoint, model=base.model, prompt=base.prompt)
        Deployment.objects.append(row, reason=f"stands in for {version} when it is down", by=by)

"""OpenAI's fine-tuning API, and every server that speaks it: Azure, Nebius and the like, by the endpoint's address.

openai-python 3.x, resources/files.py and resources/fine_tuning; developers.openai.com/api/docs/guides/fine-tuning.
"""

import base64
import binascii
import csv
import hashlib
import io
import logging
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, TypeVar

import openai
from openai.types.fine_tuning import FineTuningJob

from foundation.text import clean
from llm import endpoints
from llm.completion import ProviderError, redacted
from llm.models import Endpoint
from llm.providers.faults import translated
from llm.providers.openai import client
from tuning.models import JobState
from tuning.trainers.base import Availability, Event, Order, Report, ReportedCheckpoint, Trainer

log = logging.getLogger(__name__)

T = TypeVar("T")

OWN_ADDRESS = "https://api.openai.com"
CLOSES_ON = date(2027, 1, 6)  # developers.openai.com/api/docs/deprecations: no new jobs from then on
KEY = "parley_job"  # of the metadata
SECONDS = 60.0
MOST_EVENTS, MOST_ROWS = 1000, 5000

STATES = {
    "validating_files": JobState.RUNNING,
    "queued": JobState.RUNNING,
    "pending": JobState.RUNNING,  # Azure's word
    "running": JobState.RUNNING,
    "paused": JobState.PAUSED,  # not in the SDK's list of states, yet sent
    "succeeded": JobState.SUCCEEDED,
    "failed": JobState.FAILED,
    "cancelled": JobState.CANCELLED,
}

# Of a file that a job cannot be made of yet, or never; a state nobody has told of keeps from nothing.
UNREADY = ("pending", "processing", "running", "notRunning")
UNFIT = ("error", "failed", "cancelled", "deleted")
OF_THE_JOB = ("seed", "trainingType")  # parameters that stand beside the hyperparameters; Azure asks for trainingType


class OpenAICompatibleTrainer(Trainer):
    def availability(self, endpoint: Endpoint | None, today: date) -> Availability:
        if endpoint is None or endpoint.provider != "openai":
            return Availability(False, "It takes an endpoint that speaks OpenAI's protocol; add one under Models.")
        if not endpoints.address(endpoint).startswith(OWN_ADDRESS):
            return Availability(True, f"If {endpoint} offers fine-tuning, which it says when it is asked.")
        if today >= CLOSES_ON:
            return Availability(False, f"OpenAI takes no new jobs since {CLOSES_ON}.", CLOSES_ON)
        why = f"OpenAI takes new jobs until {CLOSES_ON}, and only of organisations that have tuned before."
        return Availability(True, why, CLOSES_ON)

    def upload(self, endpoint: Endpoint | None, order: Order) -> dict[str, str]:
        given = {"train": order.training, "validation": order.validation}
        api, key = _api(endpoint)
        with translated(openai, api_key=key):
            there = {each.filename: each.id for each in islice(api.files.list(purpose="fine-tune"), MOST_EVENTS)}
            return {
                split: there.get(_name(order, split))
                or api.files.create(file=(_name(order, split), data, "application/jsonl"), purpose="fine-tune").id
                for split, data in given.items()
                if data
            }

    def ready(self, endpoint: Endpoint | None, files: Mapping[str, str]) -> None:
        api, key = _api(endpoint)
        with translated(openai, api_key=key):
            told = [api.files.retrieve(file) for file in files.values()]
        for file in told:
            if file.status in UNREADY:
                raise ProviderError(f"The provider is still reading {file.filename}.", kind="unavailable")
            if file.status in UNFIT:
                why = redacted(str(file.status_details or file.status), key)
                raise ProviderError(f"The provider cannot read {file.filename}: {why}", kind="bad_request")

    def find(self, endpoint: Endpoint | None, key: str, files: Mapping[str, str]) -> str:
        api, secret = _api(endpoint)
        with translated(openai, api_key=secret):
            found = islice(api.fine_tuning.jobs.list(metadata={KEY: key}), MOST_EVENTS)  # some servers do not filter
            return next((job.id for job in found if _carries(job, key, files)), "")

    def create(self, endpoint: Endpoint | None, order: Order, files: Mapping[str, str]) -> str:
        api, key = _api(endpoint)
        more: dict[str, Any] = {"validation_file": files["validation"]} if files.get("validation") else {}
        # A server's own options pass through the SDK unchanged, though its types know none of them.
        beside = {name: value for name, value in order.parameters.items() if name in OF_THE_JOB}
        hyperparameters = {name: value for name, value in order.parameters.items() if name not in beside}
        method: Any = {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}}
        with translated(openai, api_key=key):
            job = api.fine_tuning.jobs.create(
                model=order.base,
                training_file=files["train"],
                suffix=_suffix(order.key),
                metadata={KEY: order.key},
                method=method,
                extra_body=beside,
                **more,
            )
        if not job.id:
            raise ProviderError("The provider took the job and did not say what it is called.", kind="bad_reply")
        return str(job.id)

    def report(self, endpoint: Endpoint | None, job: str) -> Report | None:
        api, key = _api(endpoint)
        with translated(openai, api_key=key):
            try:
                told = api.fine_tuning.jobs.retrieve(job)
            except openai.NotFoundError:
                return None
            if not isinstance(told, FineTuningJob) or not told.status:  # the SDK checks no reply
                raise ProviderError("The provider's word on the job cannot be read.", kind="bad_reply")
            state = _state(told)
            is_over = state == JobState.SUCCEEDED
            return Report(
                state=state,
                provider_state=str(told.status),
                model=str(told.fine_tuned_model or ""),
                trained_tokens=_count(told.trained_tokens),
                error=redacted(_error(told.error), key),
                events=_if_told(lambda: _events(api, job, key)),
                stages=_if_told(lambda: _stages(api, job)) if is_over else (),
                metrics=_if_told(lambda: _metrics(api, told.result_files or ())) if is_over else (),
            )

    def cancel(self, endpoint: Endpoint | None, job: str) -> None:
        api, key = _api(endpoint)
        with translated(openai, api_key=key):
            try:
                api.fine_tuning.jobs.cancel(job)
            except (openai.NotFoundError, openai.BadRequestError) as error:  # it is gone, or over
                log.info("The job %s is not cancelled: %s", job, redacted(error.message, key))


def _api(endpoint: Endpoint | None) -> tuple[openai.OpenAI, str]:
    if endpoint is None:
        raise ProviderError("The job names no endpoint.", kind="bad_request")
    key = endpoints.key(endpoint)
    found = client(endpoints.address(endpoint), key, endpoints.is_private_allowed(endpoint))
    return found.with_options(timeout=SECONDS), key


def _name(order: Order, split: str) -> str:
    return f"parley-{order.key}-{split}.jsonl"


def _suffix(key: str) -> str:
    return f"parley-{key.replace('-', '')[:12]}"


def _carries(job: Any, key: str, files: Mapping[str, str]) -> bool:
    """Whether a job is ours: by its metadata, its suffix or its file, as servers keep what they like."""
    metadata = getattr(job, "metadata", None) or {}
    by_file = bool(files.get("train")) and getattr(job, "training_file", "") == files["train"]
    return metadata.get(KEY) == key or getattr(job, "user_provided_suffix", "") == _suffix(key) or by_file


def _state(told: Any) -> JobState:
    known = STATES.get(str(told.status))
    if known is None:
        log.warning("The job %s is in a state nobody has told of: %s", told.id, told.status)
        return JobState.RUNNING
    if known == JobState.SUCCEEDED and not told.fine_tuned_model:
        return JobState.RUNNING  # the name of the model comes with the next look
    return known


def _if_told(ask: Callable[[], Iterable[T]]) -> tuple[T, ...]:
    """What stands beside a job; a server that does not tell, or has thrown it away, takes nothing from the job."""
    try:
        return tuple(ask())
    except openai.APIStatusError as error:
        log.info("What stands beside a job is not told: status %s", error.status_code)
        return ()
    except (
        AttributeError,
        TypeError,
        ValueError,
        csv.Error,
        openai.APIResponseValidationError,
    ) as error:  # none is validated
        log.warning("What stands beside a job cannot be read: %s", error)
        return ()


def _events(api: openai.OpenAI, job: str, key: str) -> Iterable[Event]:
    for each in islice(api.fine_tuning.jobs.list_events(job, limit=100), MOST_EVENTS):
        message, at = clean(redacted(str(each.message or ""), key)), _moment(each.created_at)
        name = each.id or hashlib.sha256(f"{each.created_at}\0{message}".encode()).hexdigest()  # some give none
        level: Any = each.level
        yield Event(str(name)[:200], str(level or "info"), message, at)


def _stages(api: openai.OpenAI, job: str) -> Iterable[ReportedCheckpoint]:
    for each in islice(api.fine_tuning.jobs.checkpoints.list(job), MOST_EVENTS):
        step = _count(each.step_number)
        if step is None or not each.fine_tuned_model_checkpoint:
            log.info("A checkpoint of the job %s has no step or no name; it is left out", job)
            continue
        told = each.metrics.to_dict() if each.metrics else {}
        metrics = {
            name: number
            for name, value in told.items()
            if (number := _number(value)) is not None and math.isfinite(number)
        }
        yield ReportedCheckpoint(step, str(each.fine_tuned_model_checkpoint), metrics)


def _moment(told: object) -> datetime:
    """When something was, in seconds since 1970 or in ISO 8601, as servers have it; now, where neither is told."""
    try:
        if isinstance(told, str) and not told.isdecimal():
            at = datetime.fromisoformat(told)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        return datetime.fromtimestamp(float(str(told)), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.now(UTC)


def _count(told: object) -> int | None:
    number = _number(told)
    return int(number) if number is not None and math.isfinite(number) and number >= 0 else None


def _error(told: object) -> str:
    """What went wrong, in a sentence; servers give an object, a text or nothing."""
    if told is None or isinstance(told, str):
        return told or ""
    return str(getattr(told, "message", None) or getattr(told, "code", None) or "")


def _metrics(api: openai.OpenAI, files: Iterable[str]) -> Iterable[Mapping[str, float]]:
    """The rows of the result file, which is CSV, or CSV in base64."""
    for file in islice(files, 1):
        raw = api.files.content(file).read()
        yield from islice(rows(raw), MOST_ROWS)


def rows(raw: bytes) -> Iterable[Mapping[str, float]]:
    """Numbers by the names of their columns, nan among them; what is empty or a word is left out."""
    try:
        text = base64.b64decode(raw, validate=True).decode() if b"," not in raw else raw.decode()
    except (binascii.Error, UnicodeDecodeError):
        log.warning("The metrics of a job are neither CSV nor CSV in base64; they are left out")
        return
    for row in csv.DictReader(io.StringIO(text)):
        yield {name: number for name, value in row.items() if name and (number := _number(value)) is not None}


def _number(written: object) -> float | None:
    if written is None or isinstance(written, bool):
        return None
    try:
        return float(str(written))
    except ValueError:
        return None

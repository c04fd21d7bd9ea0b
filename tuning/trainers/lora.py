"""Training on this machine: LoRA over open weights, in a process and an environment of its own (make train-setup).

The process outlives whoever started it. What it does stands in a folder of PARLEY_HOME named by the job's key, and
looking is also looking after: a process that died is started again and goes on from its last checkpoint.
"""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

from llm.completion import ProviderError
from llm.models import Endpoint
from tuning.lora import process, workplace
from tuning.lora.workplace import DEFAULTS, METHODS, QUANTIZED, TrainingFolder
from tuning.models import JobState
from tuning.trainers.base import Availability, Event, Order, Report, Trainer

HUB_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*")
LEAST_GIGABYTES = 3  # of memory and of disk: what the smallest useful model takes (SmolLM2 135M, measured)
GIGABYTE = 1_000_000_000
SECONDS_TO_START = 120  # of a process until it has the lock, on a crowded machine
MOST_STARTS = 3  # without a step between them; then a person has to see to it
PLAN_SECONDS = 300


class LoraTrainer(Trainer):
    takes_an_endpoint = False
    costs_money = False
    file_format = "trl"
    preference_format = "openai-dpo"

    def availability(self, endpoint: Endpoint | None, today: date) -> Availability:  # noqa: ARG002
        if not (settings.TRAIN_PYTHON.parent.parent / "installed").exists():
            return Availability(False, "What it trains with is not installed: run make train-setup (about 2 GB).")
        memory, disk, gpus = _machine()
        if min(memory, disk) < LEAST_GIGABYTES:
            return Availability(
                False,
                f"It takes {LEAST_GIGABYTES} GB of memory and of disk for the smallest model;"
                f" {memory:.0f} GB of memory and {disk:.0f} GB of disk are free.",
            )
        return Availability(True, f"Always, on this machine: {_found(memory, disk, gpus)}")

    def objection(self, base: str, parameters: Mapping[str, Any]) -> str:
        return next(_objections(base, parameters), "")

    def upload(self, endpoint: Endpoint | None, order: Order) -> dict[str, str]:  # noqa: ARG002
        folder = _folder(order.key)
        _write_lines(folder, order)
        return {split: folder.lines(split).name for split in workplace.SPLITS}

    def find(self, endpoint: Endpoint | None, key: str, files: Mapping[str, str]) -> str:  # noqa: ARG002
        return key if _folder(key).order.exists() else ""

    def create(self, endpoint: Endpoint | None, order: Order, files: Mapping[str, str]) -> str:  # noqa: ARG002
        folder = _folder(order.key)
        workplace.write(folder.order, _told(order))
        _start(folder)
        return order.key

    def report(self, endpoint: Endpoint | None, job: str) -> Report | None:  # noqa: ARG002
        folder = _folder(job)
        if not folder.order.exists():
            return None
        # Who trains writes the outcome before it lets go of the lock: so the lock is looked at first.
        is_held = workplace.is_held(folder)
        outcome = workplace.read(folder.outcome)
        if outcome is None and not is_held and not folder.cancelled.exists():
            outcome = _look_after(folder)
        return _report(folder, outcome, is_held=is_held)

    def cancel(self, endpoint: Endpoint | None, job: str) -> None:  # noqa: ARG002
        folder = _folder(job)
        if not folder.order.exists() or folder.outcome.exists():
            return
        folder.cancelled.touch()
        process.end(folder)
        if not folder.outcome.exists():
            workplace.clear(folder)

    def plan(self, order: Order) -> Sequence[str]:
        with tempfile.TemporaryDirectory(prefix="parley-plan-") as place:
            folder = TrainingFolder(Path(place))
            _write_lines(folder, order)
            workplace.write(folder.order, _told(order))
            asked = subprocess.run(
                _command(order.base, "plan", folder), cwd=settings.BASE_DIR, capture_output=True, text=True,
                timeout=PLAN_SECONDS, check=False,
            )  # fmt: skip
        if asked.returncode != 0:
            raise ProviderError(f"The plan failed: {_last_words(asked.stderr)}", kind="bad_request")
        told: list[str] = json.loads(asked.stdout.splitlines()[-1])
        return told


def _folder(key: str) -> TrainingFolder:
    return TrainingFolder(settings.TUNING_DIR / key)


def _told(order: Order) -> dict[str, Any]:
    return {"name": f"parley-{order.key[:8]}", "base": order.base, "parameters": dict(order.parameters)}


def _write_lines(folder: TrainingFolder, order: Order) -> None:
    given = (order.training, order.validation, order.preferences)
    for split, lines in zip(workplace.SPLITS, given, strict=True):
        workplace.write(folder.lines(split), lines)


def _objections(base: str, parameters: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(set(parameters) - set(DEFAULTS)):
        yield f"The trainer lora knows no parameter {name}; known are {', '.join(DEFAULTS)}."
    wanted = {**DEFAULTS, **parameters}
    if wanted["method"] not in METHODS:
        yield f"The method is {' or '.join(METHODS)}, not {wanted['method']}."
    if wanted["quantize"] not in QUANTIZED:
        yield f"quantize is {' or '.join(QUANTIZED)}, not {wanted['quantize']}."
    for name, usual in DEFAULTS.items():
        if isinstance(usual, int | float) and not isinstance(wanted[name], int | float):
            yield f"{name} is a number, not {wanted[name]!r}."
        elif isinstance(usual, int | float) and not isinstance(usual, bool) and wanted[name] <= 0:
            yield f"{name} has to be above 0."
    path = Path(base).expanduser()
    if not path.exists() and (path.is_absolute() or path.suffix == ".gguf" or not HUB_NAME.fullmatch(base)):
        yield f"There is no model {base}: name a folder, a GGUF file, or a model of the Hugging Face hub (owner/name)."


def _machine() -> tuple[float, float, int]:
    """Gigabytes of memory and of disk that are free, and GPUs."""
    place = next(each for each in (settings.TUNING_DIR, *settings.TUNING_DIR.parents) if each.exists())
    return psutil.virtual_memory().available / GIGABYTE, shutil.disk_usage(place).free / GIGABYTE, _gpus()


@lru_cache(maxsize=1)
def _gpus() -> int:
    return process.gpus()


def _found(memory: float, disk: float, gpus: int) -> str:
    there = f"{memory:.0f} GB of memory and {disk:.0f} GB of disk are free"
    if gpus:
        return f"{gpus} GPU{'s' * (gpus != 1)} found; {there}."
    return f"no GPU found, so small models only (135 million parameters take minutes, 1 billion hours); {there}."


def _command(base: str, action: str, folder: TrainingFolder) -> list[str]:
    """Nothing is asked of the hub, unless the base is one of its models."""
    is_of_the_hub = not Path(base).expanduser().exists()
    own = ["PYTHONUNBUFFERED=1", "HF_HUB_DISABLE_TELEMETRY=1", "TOKENIZERS_PARALLELISM=false"]
    offline = [] if is_of_the_hub else ["HF_HUB_OFFLINE=1", "TRANSFORMERS_OFFLINE=1"]
    return ["env", *own, *offline, str(settings.TRAIN_PYTHON), "-m", "tuning.lora", action, str(folder.path)]


def _start(folder: TrainingFolder) -> None:
    """Have a process train that is nobody's child: it lives on when we die, and nobody has to wait for it.

    Started once too often it ends at once, as another holds the lock.
    """
    order = workplace.read(folder.order) or {}
    workplace.tell(folder, kind="spawned")
    command = ["sh", "-c", '"$@" &', "sh", *_command(order["base"], "train", folder)]
    with folder.log.open("ab") as log:
        subprocess.run(
            command, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            check=True,
        )  # fmt: skip


def _look_after(folder: TrainingFolder) -> dict[str, Any] | None:
    """Start a training anew whose process died; what came of it where that has not helped again and again."""
    starts, is_starting = 0, False
    for each in workplace.told(folder):
        starts = 0 if each["kind"] == "step" else starts + (each["kind"] == "spawned")
        is_starting = each["kind"] == "spawned" and _age(each) < SECONDS_TO_START
    if is_starting:
        return None
    if starts < MOST_STARTS:
        _start(folder)
        return None
    words = _last_words(folder.log.read_text(errors="replace")) if folder.log.exists() else "nothing"
    process.fail(folder, f"It ended {starts} times without a step. Its last words: {words}")
    return workplace.read(folder.outcome)


def _age(told: Mapping[str, Any]) -> float:
    """Seconds since something was told."""
    return (datetime.now(UTC) - datetime.fromisoformat(told["at"])).total_seconds()


def _last_words(log: str) -> str:
    return next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "nothing")[:500]


def _report(folder: TrainingFolder, outcome: Mapping[str, Any] | None, *, is_held: bool) -> Report:
    told = list(workplace.told(folder))
    common: dict[str, Any] = {"events": tuple(_events(told)), "metrics": tuple(_metrics(told))}
    if outcome is not None:
        state = JobState(outcome["state"])
        return Report(
            state=state, provider_state=state, model=outcome.get("model", ""), error=outcome.get("error", ""),
            trained_tokens=outcome.get("trained_tokens"), **common,
        )  # fmt: skip
    if folder.cancelled.exists() and not is_held:
        return Report(JobState.CANCELLED, "cancelled", **common)
    return Report(JobState.RUNNING, _doing(told), **common)


def _doing(told: Sequence[Mapping[str, Any]]) -> str:
    """How far it is, in a few words."""
    last = next((each for each in reversed(told) if each["kind"] in ("step", "begun", "started")), None)
    if last is None or last["kind"] == "started":
        return "loading"
    return f"{last['stage']}: step {last['step']} of {last['of']}"


def _events(told: Sequence[Mapping[str, Any]]) -> Iterator[Event]:
    starts = 0
    tenth: dict[str, int] = {}
    for each in told:
        at = datetime.fromisoformat(each["at"])
        if each["kind"] == "begun":
            starts += 1
            words = f"goes on from step {each['step']}" if each["step"] else "begins"
            yield Event(f"begun-{starts}", "info", f"The stage {each['stage']} {words}, {each['of']} steps in all.", at)
        elif each["kind"] == "told":
            yield Event(each["key"], "info", each["message"], at)
        elif each["kind"] == "step" and (part := 10 * each["step"] // each["of"]) > tenth.get(each["stage"], 0):
            tenth[each["stage"]] = part
            left = f"about {each['seconds_left'] / 60:.0f} minutes left" if each["seconds_left"] > 60 else "soon done"
            sentence = f"{each['stage']}: step {each['step']} of {each['of']}, {left}."
            yield Event(f"{each['stage']}-{part}", "info", sentence, at)


def _metrics(told: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, float]]:
    """A row a step, one that was done again after a death as it was the last time; stages one after the other."""
    rows: dict[tuple[str, int], dict[str, float]] = {}
    steps: dict[str, int] = {}
    for each in told:
        if each["kind"] == "begun":
            steps.setdefault(each["stage"], each["of"])
        elif each["kind"] == "step":
            stages = list(steps)
            before = sum(steps[stage] for stage in stages[: stages.index(each["stage"])])
            losses = {name: each[name] for name in ("train_loss", "valid_loss") if name in each}
            rows.setdefault((each["stage"], each["step"]), {"step": float(each["step"] + before)}).update(losses)
    yield from rows.values()

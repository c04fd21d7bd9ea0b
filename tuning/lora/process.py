"""The process that trains: alone with its folder, nice to the bot beside it, and gone on with whenever it died."""

import contextlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from tuning.lora import workplace
from tuning.lora.workplace import TrainingFolder

NICE = 10
HEAVY = ("torch", "tuning.lora.bases", "tuning.lora.training", "tuning.lora.results")


def train(folder: TrainingFolder) -> int:
    """Train in this process, or in one for each GPU; nothing where somebody else is at it, or it is over."""
    with contextlib.suppress(PermissionError):  # a leader already
        os.setsid()
    os.nice(NICE)
    with workplace.held(folder) as lock:
        if lock is None or folder.outcome.exists() or folder.cancelled.exists():
            return 0
        workplace.write(folder.process, {"pid": os.getpid(), "started": psutil.Process().create_time()})
        workplace.tell(folder, kind="started")
        if (count := gpus()) > 1:
            return subprocess.run(command(folder, count), pass_fds=[lock], check=False).returncode
        return work(folder)


def work(folder: TrainingFolder) -> int:
    """Train and write what came of it. The heavy imports come here, when the lock is held already."""
    torch, bases, training, results = (importlib.import_module(name) for name in HEAVY)
    torch.set_num_threads(free_cores())
    try:
        results.write(folder, training.train(folder))
    except training.CancelledError:
        return 0
    except (training.TrainingError, bases.BaseError) as error:
        fail(folder, str(error))
        return 1
    except torch.OutOfMemoryError as error:
        fail(folder, f"The memory of the GPU was not enough: {str(error).partition('.')[0]}.")
        return 1
    return 0


def plan(folder: TrainingFolder) -> int:
    """Print what a training would take, as one JSON document."""
    planning: Any = importlib.import_module("tuning.lora.planning")
    sys.stdout.write(json.dumps(planning.plan(folder, gpus()), ensure_ascii=False) + "\n")
    return 0


def serve(model: Path, **options: Any) -> None:
    """See tuning.lora.serving."""
    serving: Any = importlib.import_module("tuning.lora.serving")
    serving.serve(model, threads=options.pop("threads") or free_cores(), **options)


def fail(folder: TrainingFolder, sentence: str) -> None:
    """End it for good."""
    workplace.write(folder.outcome, {"state": "failed", "error": sentence})
    workplace.clear(folder)


def free_cores() -> int:
    """How many nobody uses, one at least: on crowded cores two threads are ten times slower than one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - round(psutil.getloadavg()[0]))


def command(folder: TrainingFolder, count: int) -> list[str]:
    """What trains on so many GPUs: one process for each where there are several."""
    if count < 2:
        return [sys.executable, "-m", "tuning.lora", "train", str(folder.path)]
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", str(count)]
    options = ["--num_machines", "1", "--mixed_precision", "bf16", "--dynamo_backend", "no"]
    return [*launch, *options, "-m", "tuning.lora", "work", str(folder.path)]


def gpus() -> int:
    """How many GPUs the driver shows."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    told = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False)
    return sum(line.startswith("GPU ") for line in told.stdout.splitlines()) if told.returncode == 0 else 0


def end(folder: TrainingFolder, seconds: float = 10.0) -> None:
    """End who trains, if anybody does, with all that it started."""
    told = workplace.read(folder.process)
    if told is None or not workplace.is_held(folder):
        return
    try:
        process = psutil.Process(told["pid"])
        if abs(process.create_time() - told["started"]) > 1:
            return  # the number is somebody else's by now
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for each in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.terminate()
    _, left = psutil.wait_procs(family, timeout=seconds)
    for each in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    deadline = time.monotonic() + seconds
    while workplace.is_held(folder) and time.monotonic() < deadline:
        time.sleep(0.05)

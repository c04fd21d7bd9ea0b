"""From a folder with an order to an adapter: supervised first, then, where preferences were ordered, those.

Every stage goes on from its last whole checkpoint. trl shortens and drops lines without a word where they are longer
than it thinks they may be, so the limit is set from the longest line and what it made of them is compared.
"""

import json
import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from datasets import Dataset
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import TrainerCallback
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

from tuning.lora import bases, workplace
from tuning.lora.bases import Base
from tuning.lora.encoding import Encoded, UnfitLineError, encode, ends_of
from tuning.lora.workplace import TrainingFolder

WHOLE = "whole"  # the file by which a checkpoint is known to be written to its end
SAVES, ROWS = 20, 200  # checkpoints and rows of losses over a stage
IGNORED = -100  # torch's mark of a token without loss


class TrainingError(ValueError):
    """This cannot be trained; the message says why."""


class CancelledError(Exception):
    """Somebody has called it off."""


@dataclass(frozen=True)
class Job:
    """What a stage is made of. `rows` are the lines as they were handed in, `data` the same as tokens, by split."""

    folder: TrainingFolder
    base: Base
    tokenizer: Any
    wanted: Mapping[str, Any]
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    data: Mapping[str, Sequence[Encoded]]

    def tokens(self) -> int:
        """How many are trained on, each as often as it is."""
        lines = sum(len(line.prompt) + len(line.answer) for line in self.data["train"])
        pairs = sum(2 * len(line.prompt) + len(line.answer) + len(line.rejected) for line in self.data["preferences"])
        is_preferring = self.wanted["method"] == "dpo"
        return int(lines * self.wanted["n_epochs"] + pairs * self.wanted["dpo_epochs"] * is_preferring)


@dataclass(frozen=True)
class Trained:
    """`adapter` is the folder of the last stage."""

    base: Base
    adapter: Path
    tokens: int


def lines(path: Path) -> list[dict[str, Any]]:
    """What was handed in, preferences with the answer that was not preferred as `rejected`.

    Lines end with line feeds alone: text may hold other signs that Python takes for an end.
    """
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line] if path.exists() else []
    return [_pair(row) if "preferred_output" in row else row for row in rows]


def _pair(row: Mapping[str, Any]) -> dict[str, Any]:
    rejected = row["non_preferred_output"][0]["content"]
    return {"prompt": row["input"]["messages"], "completion": row["preferred_output"], "rejected": rejected}


def encoded(tokenizer: Any, base: Base, rows: Sequence[Mapping[str, Any]]) -> list[Encoded]:
    """Every line, none left out. Raises TrainingError for one that the model cannot be trained on whole."""
    most = bases.longest(base)
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            line = encode(tokenizer, row, ends_of(tokenizer, bases.generation(base)))
        except UnfitLineError as error:
            raise TrainingError(f"Line {number} of the dataset {error}.") from error
        if most is not None and line.length > most:
            raise TrainingError(
                f"Line {number} of the dataset is {line.length:,} tokens long, and the model reads {most:,} at most."
            )
        found.append(line)
    return found


def train(folder: TrainingFolder) -> Trained:
    """Raises TrainingError, BaseError, CancelledError."""
    order = workplace.read(folder.order) or {}
    wanted = {**workplace.DEFAULTS, **order["parameters"]}
    with PartialState().main_process_first():
        base = bases.found(order["base"], folder)
    tokenizer = bases.tokenizer(base)
    rows = {split: lines(folder.lines(split)) for split in workplace.SPLITS}
    data = {split: encoded(tokenizer, base, found) for split, found in rows.items()}
    job = Job(folder, base, tokenizer, wanted, rows, data)
    adapter = _stage(job, "sft", supervised)
    if wanted["method"] == "dpo":
        adapter = _stage(job, "dpo", preferring, adapter)
    return Trained(base, adapter, job.tokens())


def _stage(job: Job, name: str, build: Callable[[Job, Any], Any], start: Path | None = None) -> Path:
    """The adapter of one stage, which begins at the adapter `start` or at the base alone; what is done stays done."""
    target = job.folder.path / "stages" / name
    if target.is_dir():
        return target
    model = bases.model(job.base, quantize=job.wanted["quantize"])
    if start is None:
        model = get_peft_model(model, adapter_settings(job.wanted))
    else:
        model = PeftModel.from_pretrained(model, start, is_trainable=True)
    trainer = build(job, model)
    trainer.add_callback(Telling(job.folder, name))
    trainer.train(resume_from_checkpoint=last_checkpoint(job.folder.checkpoints(name)))
    if job.folder.cancelled.exists():
        raise CancelledError
    if PartialState().is_main_process:
        draft = target.with_name(f".{name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        trainer.accelerator.unwrap_model(trainer.model).save_pretrained(draft, selected_adapters=["default"])
        draft.rename(target)
        shutil.rmtree(job.folder.checkpoints(name), ignore_errors=True)
    PartialState().wait_for_everyone()
    return target


def adapter_settings(wanted: Mapping[str, Any]) -> Any:
    return LoraConfig(
        r=wanted["rank"],
        lora_alpha=wanted["alpha"],
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def last_checkpoint(checkpoints: Path) -> str | None:
    """The newest checkpoint that was written to its end; one that a death cut off is cleared away."""
    found = sorted(checkpoints.glob("checkpoint-*"), key=lambda each: int(each.name.rpartition("-")[2]))
    for each in found:
        if not (each / WHOLE).exists():
            shutil.rmtree(each)
    whole = [each for each in found if each.exists()]
    return str(whole[-1]) if whole else None


def supervised(job: Job, model: Any) -> Any:
    def dataset(split: str) -> Dataset:
        return Dataset.from_list([
            {
                "input_ids": [*line.prompt, *line.answer],
                "labels": [*[IGNORED] * len(line.prompt), *line.answer],
            }
            for line in job.data[split]
        ])  # fmt: skip

    config = SFTConfig(**_settings(job, "sft", len(job.data["train"]), job.wanted["n_epochs"]))
    trainer = SFTTrainer(
        model=model,
        args=config,
        processing_class=job.tokenizer,
        train_dataset=dataset("train"),
        eval_dataset=dataset("validation") if job.data["validation"] else None,
    )
    _compare(trainer.train_dataset["labels"], dataset("train")["labels"])
    return trainer


def preferring(job: Job, model: Any) -> Any:
    """Preferences over what the supervised stage has learnt, which trl keeps as the reference."""
    pairs = list(zip(job.rows["preferences"], job.data["preferences"], strict=True))
    if not pairs:
        raise TrainingError("No answer of the dataset was edited: there are no preferences to learn.")
    settings = _settings(job, "dpo", len(pairs), job.wanted["dpo_epochs"])
    settings |= {"learning_rate": job.wanted["dpo_learning_rate"], "eval_strategy": "no"}
    dataset = Dataset.from_list([
        {
            "prompt": row["prompt"],
            "chosen": row["completion"],
            "rejected": [{"role": "assistant", "content": row["rejected"]}],
        }
        for row, _ in pairs
    ])  # fmt: skip
    trainer = DPOTrainer(
        model=model,
        args=DPOConfig(**settings, beta=job.wanted["beta"]),
        processing_class=job.tokenizer,
        train_dataset=dataset,
    )
    made = zip(trainer.train_dataset["prompt_ids"], trainer.train_dataset["chosen_ids"], strict=True)
    _compare([list(asked) for asked, _ in made], [line.prompt for _, line in pairs])
    return trainer


def _compare(made: Sequence[Sequence[int]], given: Sequence[Sequence[int]]) -> None:
    """Raises TrainingError where trl left out, shortened or changed anything."""
    if [list(each) for each in made] != [list(each) for each in given]:
        raise TrainingError(f"Of {len(given)} lines the trainer made {len(made)}, or others; nothing was trained.")


def _settings(job: Job, stage: str, count: int, epochs: int) -> dict[str, Any]:
    is_on_gpu = torch.cuda.is_available()
    accumulate = max(1, job.wanted["accumulate"] // PartialState().num_processes)
    steps = math.ceil(math.ceil(count / PartialState().num_processes) / accumulate) * epochs
    return {
        "output_dir": str(job.folder.checkpoints(stage)),
        "num_train_epochs": epochs,
        "per_device_train_batch_size": 1,  # the logits of a long line by a large vocabulary are what takes memory
        "per_device_eval_batch_size": 1,
        "gradient_accumulation_steps": accumulate,
        "learning_rate": job.wanted["learning_rate"],
        "lr_scheduler_type": "cosine",
        "max_length": max(line.length for found in job.data.values() for line in found),
        "logging_steps": max(1, steps // ROWS),
        "save_strategy": "steps",
        "save_steps": max(1, steps // SAVES),
        "save_total_limit": 2,
        "eval_strategy": "epoch" if job.data["validation"] else "no",
        "prediction_loss_only": True,
        "gradient_checkpointing": is_on_gpu,
        "bf16": is_on_gpu,
        "use_cpu": not is_on_gpu,
        "dataloader_pin_memory": is_on_gpu,
        "seed": job.wanted["seed"],
        "report_to": "none",
        "disable_tqdm": True,
    }


class Telling(TrainerCallback):  # type: ignore[misc]  # nobody who checks types has transformers
    """Says how far a stage is, marks checkpoints as whole, and stops where it was called off."""

    def __init__(self, folder: TrainingFolder, stage: str) -> None:
        self.folder = folder
        self.stage = stage
        self.began = (time.monotonic(), 0)

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        self.began = (time.monotonic(), state.global_step)
        if state.is_world_process_zero:
            workplace.tell(self.folder, kind="begun", stage=self.stage, step=state.global_step, of=state.max_steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        if self.folder.cancelled.exists():
            control.should_training_stop = True
            control.should_save = False

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:  # noqa: ARG002
        names = {"loss": "train_loss", "eval_loss": "valid_loss"}
        losses = {names[name]: float(value) for name, value in (logs or {}).items() if name in names}
        if not losses or not state.is_world_process_zero:
            return
        since, first = self.began
        left = (time.monotonic() - since) / max(1, state.global_step - first) * (state.max_steps - state.global_step)
        told = {"step": state.global_step, "of": state.max_steps, "seconds_left": round(left)}
        workplace.tell(self.folder, kind="step", stage=self.stage, **told, **losses)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        if state.is_world_process_zero:
            (self.folder.checkpoints(self.stage) / f"checkpoint-{state.global_step}" / WHOLE).touch()

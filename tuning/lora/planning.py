"""What a training would take, told before anything is begun."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from tuning.lora import bases, process, training, workplace
from tuning.lora.bases import Base, BaseError
from tuning.lora.encoding import Encoded
from tuning.lora.training import TrainingError
from tuning.lora.workplace import TrainingFolder

GIGABYTE = 1e9
LORA_BYTES = 16  # of a parameter that is learnt: itself, its gradient and two moments, in four bytes each
WEIGHT_BYTES = {"cpu": 4.0, "gpu": 2.0, "4bit": 0.6}  # of a parameter that stays: NF4 with its scales takes about .6
LOGITS = 3  # copies of the logits in four bytes: as they are, as they are normed, and their gradient
KEPT = {"cpu": 34.0, "gpu": 2.0}  # activations that a layer keeps of a token, in hidden sizes; checkpointing keeps one


def plan(folder: TrainingFolder, gpus: int) -> list[str]:
    """Sentences for a person: lines, tokens, steps, memory, and the command."""
    order = workplace.read(folder.order) or {}
    wanted = {**workplace.DEFAULTS, **order["parameters"]}
    try:
        base = bases.found(order["base"], folder)
        tokenizer = bases.tokenizer(base)
        data = {
            split: training.encoded(tokenizer, base, training.lines(folder.lines(split))) for split in workplace.SPLITS
        }
    except (BaseError, TrainingError) as error:
        return [f"It would fail: {error}"]
    return [*_about_the_lines(data, wanted), *_about_memory(base, data, wanted, gpus), command_of(gpus)]


def _about_the_lines(data: dict[str, list[Encoded]], wanted: dict[str, Any]) -> list[str]:
    train = data["train"]
    learnt = sum(len(line.answer) for line in train)
    steps = math.ceil(len(train) / wanted["accumulate"]) * wanted["n_epochs"]
    lines = (
        f"{len(train)} lines to train on and {len(data['validation'])} to validate, none cut:"
        f" {sum(line.length for line in train):,} tokens, of which {learnt:,} carry loss;"
        f" the longest line has {max(line.length for found in data.values() for line in found):,}."
    )
    told = (
        f"{steps} steps: {wanted['n_epochs']} times through, {wanted['accumulate']} lines to a step, one at a time;"
        f" LoRA of rank {wanted['rank']} on all linear layers, learning rate {wanted['learning_rate']:g}."
    )
    if wanted["method"] != "dpo":
        return [lines, told]
    pairs = len(data["preferences"])
    after = f"Then {wanted['dpo_epochs']} times through {pairs} preferences (DPO, beta {wanted['beta']:g})."
    return [lines, told, after]


def _about_memory(base: Base, data: dict[str, list[Encoded]], wanted: dict[str, Any], gpus: int) -> list[str]:
    shape = AutoConfig.from_pretrained(base.place)
    with torch.device("meta"):
        empty = AutoModelForCausalLM.from_config(shape)
    total = sum(each.numel() for each in empty.parameters())
    learnt = _learnt(empty, wanted["rank"])
    longest = max(line.length for found in data.values() for line in found)
    where = "gpu" if gpus else "cpu"
    weights = total * WEIGHT_BYTES["4bit" if wanted["quantize"] == "4bit" else where]
    kept = shape.num_hidden_layers * longest * shape.hidden_size * KEPT[where] * 2
    logits = longest * shape.vocab_size * 4 * LOGITS
    copies = 2 if wanted["method"] == "dpo" else 1  # the answer preferred and the other one, side by side
    needed = (weights + learnt * LORA_BYTES + (kept + logits) * copies) / GIGABYTE
    size = (
        f"{total / 1e6:,.0f} million parameters, {learnt / 1e6:,.1f} million of them learnt:"
        f" about {needed:.1f} GB of memory{' on each GPU' if gpus else ''}, estimated."
    )
    free = _free(gpus)
    room = f"That is more than the {free:.1f} GB that are free." if needed > free else f"{free:.1f} GB are free."
    return [size, room, *([] if gpus else ["No GPU was found: it trains on the processor."])]


def _free(gpus: int) -> float:
    is_seen = gpus and torch.cuda.is_available()
    return float(torch.cuda.mem_get_info()[0] if is_seen else psutil.virtual_memory().available) / GIGABYTE


def _learnt(model: Any, rank: int) -> int:
    """Parameters of an adapter on all linear layers but the last."""
    linear = [each for name, each in model.named_modules() if isinstance(each, torch.nn.Linear) and name != "lm_head"]
    return sum(rank * (each.in_features + each.out_features) for each in linear)


def command_of(gpus: int) -> str:
    """What is run; the folder's name is that of the job."""
    words: Sequence[str] = process.command(TrainingFolder(Path("PARLEY_HOME/tuning/JOB_KEY")), gpus)
    return f"It runs: {' '.join(words)}"

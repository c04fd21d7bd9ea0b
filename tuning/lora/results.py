"""What came of a training, for whoever serves it: vLLM takes the adapter, others the merged weights or the GGUF."""

import shutil
import sys
from pathlib import Path
from typing import Any

from accelerate import PartialState
from peft import PeftModel

from tuning.lora import bases, gguf_files, workplace
from tuning.lora.gguf_files import GgufError
from tuning.lora.training import Trained
from tuning.lora.workplace import TrainingFolder


def write(folder: TrainingFolder, trained: Trained) -> None:
    """Everything that is served, and last the outcome. What is there already is not made again."""
    if not PartialState().is_main_process:
        return
    order = workplace.read(folder.order) or {}
    if not folder.adapter.exists():
        _copied(trained.adapter, folder.adapter)
    if order["parameters"].get("merge", workplace.DEFAULTS["merge"]) and not folder.merged.exists():
        _merge(folder, trained)
    rank = order["parameters"].get("rank", workplace.DEFAULTS["rank"])
    options = f"--enable-lora --max-lora-rank {rank} --lora-modules {order['name']}={folder.adapter}"
    made = [f"A LoRA adapter for {order['base']}: {folder.adapter}; on a GPU: vllm serve {order['base']} {options}"]
    if folder.merged.exists():
        made.append(f"The whole model, merged: {folder.merged}; serve it with: transformers serve {folder.merged}")
    made += _ggufs(folder, trained, order["name"])
    for number, sentence in enumerate(made):
        workplace.tell(folder, kind="told", key=f"made-{number}", message=sentence)
    workplace.write(folder.outcome, {"state": "succeeded", "model": order["name"], "trained_tokens": trained.tokens})
    workplace.clear(folder)


def _copied(source: Path, target: Path) -> None:
    draft = target.with_name(f".{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(source, draft)
    draft.rename(target)


def _merge(folder: TrainingFolder, trained: Trained) -> None:
    model: Any = PeftModel.from_pretrained(bases.model(trained.base), folder.adapter).merge_and_unload()
    model.config.use_cache = True
    draft = folder.merged.with_name(".merged.new")
    shutil.rmtree(draft, ignore_errors=True)
    model.save_pretrained(draft)
    bases.tokenizer(trained.base).save_pretrained(draft)
    draft.rename(folder.merged)


def _ggufs(folder: TrainingFolder, trained: Trained, name: str) -> list[str]:
    """The files for llama.cpp; where none can be written, why."""
    made = []
    try:
        if folder.merged.exists():
            gguf_files.write_model(folder.merged, folder.gguf, trained.base.gguf)
            serve = f"{sys.executable} -m tuning.lora serve {folder.gguf} --name {name} --port 8091"
            made.append(f"For llama.cpp: {folder.gguf}; serve it with: {serve}")
        gguf_files.write_adapter(folder.adapter, bases.config(trained.base), folder.gguf_adapter)
        made.append(f"For llama.cpp beside the base's own GGUF: {folder.gguf_adapter}")
    except GgufError as error:
        made.append(f"No file for llama.cpp: {error}")
    return made

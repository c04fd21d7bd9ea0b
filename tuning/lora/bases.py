"""The model that is tuned: a folder of safetensors, a GGUF file, or a model of the Hugging Face hub by its name."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from tuning.lora.workplace import TrainingFolder


class BaseError(ValueError):
    """The model cannot be tuned; the message says why."""


@dataclass(frozen=True)
class Base:
    """`place` is what transformers loads: a folder, or a name of the hub. `gguf` is the file it was unpacked from."""

    place: str
    gguf: Path | None = None


def found(base: str, folder: TrainingFolder) -> Base:
    """The base that an order names; a GGUF file is unpacked into the folder once. Raises BaseError."""
    path = Path(base).expanduser()
    if path.suffix == ".gguf":
        if not path.is_file():
            raise BaseError(f"There is no file {path}.")
        return Base(str(_unpacked(path, folder.path / "base")), path)
    if path.is_absolute() or path.is_dir():
        if not (path / "config.json").is_file():
            raise BaseError(f"{path} is no folder of a model: it has no config.json.")
        return Base(str(path))
    return Base(base)


def tokenizer(base: Base) -> Any:
    """Raises BaseError where the model was not made for conversations."""
    loaded = AutoTokenizer.from_pretrained(base.place)
    if not loaded.chat_template:
        raise BaseError(f"{base.place} has no chat template: take the variant that was tuned to follow instructions.")
    if loaded.pad_token is None:
        loaded.pad_token = loaded.eos_token
    return loaded


def generation(base: Base) -> Any:
    """How the model ends its answers; None where it says nothing of it."""
    try:
        return GenerationConfig.from_pretrained(base.place)
    except OSError:
        return None


def model(base: Base, *, quantize: str = "no") -> Any:
    """The weights, on the GPU in bfloat16 where there is one. Only safetensors, and no code that comes with them."""
    dtype = torch.bfloat16 if torch.cuda.is_available() else torch.float32
    more: dict[str, Any] = {}
    if quantize == "4bit":
        from transformers import BitsAndBytesConfig  # noqa: PLC0415  of a package that only a GPU needs

        more["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype, bnb_4bit_use_double_quant=True
        )
        more["device_map"] = {"": PartialState().local_process_index}
    loaded = AutoModelForCausalLM.from_pretrained(base.place, dtype=dtype, use_safetensors=True, **more)
    loaded.config.use_cache = False
    return loaded


def config(base: Base) -> dict[str, Any]:
    """The shape of the model."""
    told: dict[str, Any] = AutoConfig.from_pretrained(base.place).to_dict()
    return told


def longest(base: Base) -> int | None:
    """Tokens that the model reads at most; None where it does not say."""
    told = config(base).get("max_position_embeddings")
    return int(told) if told else None


def _unpacked(path: Path, target: Path) -> Path:
    """A GGUF file as a folder that can be trained and saved; made once.

    What transformers loads of a GGUF counts as quantized and will not be saved, so its state goes into a fresh model.
    """
    if target.is_dir():
        return target
    alone = target.with_name(".gguf")  # transformers would take a tokenizer or a config that lies beside it
    alone.mkdir(parents=True, exist_ok=True)
    (alone / "model.gguf").unlink(missing_ok=True)
    (alone / "model.gguf").symlink_to(path.resolve())
    loaded = AutoModelForCausalLM.from_pretrained(alone, gguf_file="model.gguf", dtype=torch.float32)
    shape = {name: value for name, value in loaded.config.to_dict().items() if name != "quantization_config"}
    fresh = AutoModelForCausalLM.from_config(type(loaded.config).from_dict(shape), dtype=torch.float32)
    fresh.load_state_dict(loaded.state_dict())
    fresh.tie_weights()
    draft = target.with_name(".base.new")
    shutil.rmtree(draft, ignore_errors=True)
    fresh.save_pretrained(draft)
    AutoTokenizer.from_pretrained(alone, gguf_file="model.gguf").save_pretrained(draft)
    draft.rename(target)
    return target

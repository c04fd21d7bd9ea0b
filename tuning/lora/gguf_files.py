"""What llama.cpp serves: a merged model as GGUF in Q8_0, and an adapter as GGUF beside its base.

The layout is that of llama.cpp's own converters (convert_hf_to_gguf.py and convert_lora_to_gguf.py): the rows of the
query and key weights of Llama and Mistral stand in another order there, as its rotation takes pairs side by side.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf.constants import GGMLQuantizationType, GGUFValueType, LlamaFileType
from safetensors import safe_open

# The families whose tensors are known, and whether rows are reordered.
FAMILIES = {
    "LlamaForCausalLM": (gguf.MODEL_ARCH.LLAMA, True),
    "MistralForCausalLM": (gguf.MODEL_ARCH.LLAMA, True),
    "Qwen2ForCausalLM": (gguf.MODEL_ARCH.QWEN2, False),
    "Qwen3ForCausalLM": (gguf.MODEL_ARCH.QWEN3, False),
}
NORMAL, CONTROL = 1, 3  # kinds of tokens
BLOCK = 32  # weights that share a scale in Q8_0


class GgufError(ValueError):
    """No GGUF can be written of this model; the message says why."""


class Layout:
    """Where the tensors of a model stand in a GGUF, and in which order. Raises GgufError for an unknown family."""

    def __init__(self, config: dict[str, Any]) -> None:
        family = (config.get("architectures") or ["a model of no name"])[0]
        if family not in FAMILIES:
            raise GgufError(f"llama.cpp's layout of {family} is not known here; serve the adapter with vLLM.")
        self.arch, self._is_reordered = FAMILIES[family]
        self.config = config
        self._names = gguf.get_tensor_name_map(self.arch, config["num_hidden_layers"])

    def name(self, tensor: str) -> str:
        found = self._names.get_name(tensor, try_suffixes=(".weight", ".bias"))
        if found is None:
            raise GgufError(f"llama.cpp knows no place for the tensor {tensor}.")
        return str(found)

    def rows(self, tensor: str, data: Any) -> Any:
        """A weight, or the half of an adapter that has its rows, in llama.cpp's order."""
        kind = next((kind for kind in ("q_proj", "k_proj") if f".{kind}." in tensor), "")
        if not self._is_reordered or not kind:
            return data
        heads = self.config["num_attention_heads"]
        heads = heads if kind == "q_proj" else self.config.get("num_key_value_heads") or heads
        return data.reshape(heads, 2, data.shape[0] // heads // 2, *data.shape[1:]).swapaxes(1, 2).reshape(data.shape)


def write_model(folder: Path, target: Path, base: Path | None) -> None:
    """A folder of safetensors as a GGUF in Q8_0. What is not weights comes from the GGUF `base`, where there is one.

    Raises GgufError.
    """
    layout = Layout(json.loads((folder / "config.json").read_text()))
    writer = _writer(target, layout)
    if base is None:
        _describe(writer, layout, folder)
    else:
        _copy_fields(writer, base)
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    written = set[str]()
    for name, data in _tensors(folder):
        if name == "lm_head.weight" and layout.config.get("tie_word_embeddings"):
            continue
        written.add(layout.name(name))
        _add_quantized(writer, layout.name(name), layout.rows(name, data))
    if base is not None:
        _copy_others(writer, base, written)
    _finish(writer, target)


def write_adapter(folder: Path, config: dict[str, Any], target: Path) -> None:
    """An adapter of peft as a GGUF for the base's own. Raises GgufError."""
    layout = Layout(config)
    settings = json.loads((folder / "adapter_config.json").read_text())
    writer = _writer(target, layout)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(settings["lora_alpha"]))
    for name, data in _tensors(folder):
        module, _, half = name.removeprefix("base_model.model.").rpartition(".lora_")
        whole = layout.name(f"{module}.weight")
        rows = layout.rows(f"{module}.", data) if half.startswith("B") else data
        writer.add_tensor(f"{whole}.lora_{half[0].lower()}", np.ascontiguousarray(rows))
    _finish(writer, target)


def _writer(target: Path, layout: Layout) -> Any:
    return gguf.GGUFWriter(target.with_name(f".{target.name}.new"), gguf.MODEL_ARCH_NAMES[layout.arch])


def _finish(writer: Any, target: Path) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    target.with_name(f".{target.name}.new").rename(target)


def _tensors(folder: Path) -> Iterator[tuple[str, Any]]:
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  it is no dict
                yield name, file.get_tensor(name).float().numpy()


def _add_quantized(writer: Any, name: str, data: Any) -> None:
    if data.ndim == 1:
        writer.add_tensor(name, data)
        return
    kind = GGMLQuantizationType.F16 if data.shape[-1] % BLOCK else GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(data, kind), raw_dtype=kind)


def _copy_fields(writer: Any, base: Path) -> None:
    left_out = ("GGUF.", "general.architecture", "general.file_type", "general.quantization_version")
    for name, field in gguf.GGUFReader(base).fields.items():
        if not name.startswith(left_out):
            inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), field.types[0], sub_type=inner)


def _copy_others(writer: Any, base: Path, written: set[str]) -> None:
    """Tensors that a GGUF alone has: the factors by which Llama 3.1 stretches its positions are one."""
    for tensor in gguf.GGUFReader(base).tensors:
        if tensor.name not in written and tensor.name != "output.weight":
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)


def _describe(writer: Any, layout: Layout, folder: Path) -> None:
    """The shape of a model and its words, of a folder whose tokenizer is plain byte-level BPE."""
    config = layout.config
    heads = config["num_attention_heads"]
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.get("num_key_value_heads") or heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    size = config.get("head_dim") or config["hidden_size"] // heads
    writer.add_rope_dimension_count(size)
    writer.add_key_length(size)
    writer.add_value_length(size)
    rope = config.get("rope_parameters") or {}
    if rope.get("rope_type", "default") != "default":
        raise GgufError("The model stretches its positions; take its GGUF as the base to get one.")
    writer.add_rope_freq_base(rope.get("rope_theta") or config.get("rope_theta", 10_000.0))
    writer.add_vocab_size(config["vocab_size"])
    _describe_words(writer, folder, config)


def _describe_words(writer: Any, folder: Path, config: dict[str, Any]) -> None:
    told = json.loads((folder / "tokenizer.json").read_text())
    cut = told["pre_tokenizer"] or {}
    if told["model"]["type"] != "BPE" or (cut.get("type"), cut.get("use_regex")) != ("ByteLevel", True):
        raise GgufError("How the model cuts text into tokens is not known here; take its GGUF as the base to get one.")
    special = {each["content"]: each["id"] for each in told["added_tokens"]}
    words = {**told["model"]["vocab"], **special}
    by_number = {number: word for word, number in words.items()}
    tokens = [by_number.get(number, f"[PAD{number}]") for number in range(config["vocab_size"])]
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([CONTROL if word in special else NORMAL for word in tokens])
    writer.add_token_merges([pair if isinstance(pair, str) else " ".join(pair) for pair in told["model"]["merges"]])
    writer.add_eos_token_id(words[settings["eos_token"]])
    writer.add_bos_token_id(words[settings.get("bos_token") or settings["eos_token"]])
    writer.add_bool("tokenizer.ggml.add_bos_token", False)
    writer.add_bool("tokenizer.ggml.add_space_prefix", False)
    writer.add_chat_template((folder / "chat_template.jinja").read_text())

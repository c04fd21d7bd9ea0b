"""What is known to go wrong without a word, tried in the environment that trains: `python traps.py FOLDER` prints it.

FOLDER holds a tiny base with its GGUF; see tiny_base.py.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import psutil
import torch
from datasets import Dataset
from peft import get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig
from trl import SFTConfig, SFTTrainer

from tuning.lora import bases, gguf_files, planning, process, training, workplace
from tuning.lora.bases import Base
from tuning.lora.encoding import UnfitLineError, encode, ends_of
from tuning.lora.training import Job, TrainingError
from tuning.lora.workplace import TrainingFolder

LONG = " ".join(["Clause by clause the guide goes on."] * 200)


def line(question: str = "How?", answer: str = "Like this [1].", **more: str) -> dict[str, Any]:
    prompt = [{"role": "system", "content": "Answer."}, {"role": "user", "content": question}]
    return {"prompt": prompt, "completion": [{"role": "assistant", "content": answer}], **more}


def refusal(act: Callable[[], object]) -> str:
    """What was said in place of an answer; empty where nothing was."""
    try:
        act()
    except (UnfitLineError, TrainingError, bases.BaseError) as error:
        return str(error)
    return ""


def threads() -> dict[str, object]:
    cores = len(os.sched_getaffinity(0))
    return {"taken": process.free_cores(), "cores": cores, "load": psutil.getloadavg()[0]}


def gguf_base(folder: Path) -> dict[str, object]:
    """Weights out of a GGUF, saved and loaded again, beside those that the GGUF was made of."""
    unpacked = bases.found(str(folder / "base.gguf"), TrainingFolder(folder / "job"))
    first, second = (AutoModelForCausalLM.from_pretrained(place) for place in (folder, unpacked.place))
    tokens = torch.arange(1, 40).unsqueeze(0)
    with torch.no_grad():
        close = torch.nn.functional.cosine_similarity(first(tokens).logits, second(tokens).logits, dim=-1)
    both = [bases.tokenizer(Base(str(place))) for place in (folder, unpacked.place)]
    texts = ["Costs 1234 euros, 12:30!", "  two  spaces\n\nnew", "It's [1] [12]."]
    return {
        "least_cosine": close.min().item(),
        "same_tokens": all(both[0](text)["input_ids"] == both[1](text)["input_ids"] for text in texts),
        "is_tied": second.get_input_embeddings().weight is second.get_output_embeddings().weight,
    }


def encoding(base: Base) -> dict[str, object]:
    tokenizer = bases.tokenizer(base)
    ends = ends_of(tokenizer, bases.generation(base))
    found = encode(tokenizer, line(), ends)
    told: dict[str, object] = {
        "asked": tokenizer.decode(found.prompt),
        "sent": tokenizer.apply_chat_template(line()["prompt"], tokenize=False, add_generation_prompt=True),
        "learnt": tokenizer.decode(found.answer),
    }
    whole = tokenizer.chat_template
    tokenizer.chat_template = whole.replace("{{ message['content'] }}<|im_end|>", "{{ message['content'] }}")
    told["without_an_end"] = tokenizer.decode(encode(tokenizer, line(), ends).answer)
    tokenizer.chat_template = whole.replace("assistant\n{% endif", "assistant\n<think>{% endif")
    told["rendered_otherwise"] = refusal(lambda: encode(tokenizer, line(), ends))
    tokenizer.chat_template = "{{ raise_exception('System role not supported') }}"
    told["refused_by_template"] = refusal(lambda: encode(tokenizer, line(), ends))
    return told


def lengths(base: Base, folder: Path) -> dict[str, object]:
    """Long lines as trl takes them by itself, and as we hand them over."""
    tokenizer = bases.tokenizer(base)
    rows = [line(), line(LONG), line("Q?", f"{LONG} [1].")]
    data = training.encoded(tokenizer, base, rows)
    job = Job(
        TrainingFolder(folder / "lengths"), base, tokenizer, dict(workplace.DEFAULTS),
        {"train": rows, "validation": [], "preferences": []}, {"train": data, "validation": [], "preferences": []},
    )  # fmt: skip
    ours = training.supervised(job, get_peft_model(bases.model(base), training.adapter_settings(job.wanted)))
    usual = SFTTrainer(
        model=bases.model(base),
        args=SFTConfig(output_dir=str(folder / "usual"), use_cpu=True, bf16=False, report_to="none"),
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(rows),
    )
    batch = ours.data_collator([ours.train_dataset[0]])
    return {
        "end_is_learnt": batch["labels"][0][-1].item() == tokenizer.eos_token_id == tokenizer.pad_token_id,
        "learnt_modules": sorted(
            {name.split(".")[-4] for name, each in ours.model.named_parameters() if each.requires_grad}
        ),
        "given": [each.length for each in data],
        "usual": [len(ids) for ids in usual.train_dataset["input_ids"]],
        "ours": [len(ids) for ids in ours.train_dataset["input_ids"]],
        "at_once": ours.args.per_device_train_batch_size,
        "to_a_step": ours.args.gradient_accumulation_steps,
        "too_long": refusal(lambda: training.encoded(tokenizer, base, [line(LONG * 20)])),
    }


def checkpoints(folder: Path) -> list[str]:
    """The newest checkpoint that was written to its end; the one that a death cut off is gone."""
    for step, is_whole in ((9, True), (10, True), (11, False)):
        place = folder / "checkpoints" / f"checkpoint-{step}"
        place.mkdir(parents=True)
        (place / "adapter_model.safetensors").write_bytes(b"half")
        if is_whole:
            (place / training.WHOLE).touch()
    chosen = training.last_checkpoint(folder / "checkpoints")
    return [Path(str(chosen)).name, *sorted(each.name for each in (folder / "checkpoints").iterdir())]


def separators(folder: Path) -> int:
    file = folder / "separators.jsonl"
    file.write_text(
        json.dumps(line(answer="One\u2028two\u0085three [1].\r\n"), ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return len(training.lines(file))


def others_of_a_gguf(folder: Path) -> bool:
    """Whether what stands in a base's GGUF alone is in that of the merged model, too."""
    base = folder / "stretched.gguf"
    writer = gguf.GGUFWriter(base, "llama")
    for tensor in gguf.GGUFReader(folder / "base.gguf").tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.add_tensor("rope_freqs.weight", np.ones(8, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    gguf_files.write_model(folder, folder / "merged.gguf", base)
    found = [each.name for each in gguf.GGUFReader(folder / "merged.gguf").tensors]
    return "rope_freqs.weight" in found and len(found) == len(set(found))


def large(folder: Path) -> Path:
    """A model of 8 billion parameters, as far as a plan looks at it: its shape, and words."""
    place = folder / "large"
    bases.tokenizer(Base(str(folder))).save_pretrained(place)
    LlamaConfig(
        vocab_size=128_256, hidden_size=4096, intermediate_size=14_336, num_hidden_layers=32, num_attention_heads=32,
        num_key_value_heads=8, max_position_embeddings=131_072,
    ).save_pretrained(place)  # fmt: skip
    return place


def plan(base: Path, gpus: int, **parameters: object) -> list[str]:
    place = TrainingFolder(base / f"plan-{gpus}")
    for split, rows in (("train", [line(), line("Why?")]), ("validation", [line("When?")]), ("preferences", [])):
        workplace.write(place.lines(split), "".join(json.dumps(row) + "\n" for row in rows).encode())
    workplace.write(place.order, {"name": "x", "base": str(base), "parameters": {"n_epochs": 3, **parameters}})
    return planning.plan(place, gpus)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    told = {
        "threads": threads(),
        "gguf": gguf_base(place),
        "encoding": encoding(Base(str(place))),
        "lengths": lengths(Base(str(place)), place),
        "plan": plan(place, 0),
        "plan_of_8b": plan(large(place), 4, quantize="4bit", method="dpo"),
        "plan_command_of_four_gpus": planning.command_of(4),
        "checkpoints": checkpoints(place / "cut_off"),
        "separators": separators(place),
        "others_of_a_gguf": others_of_a_gguf(place),
        "no_model": refusal(lambda: bases.found("/nowhere/at/all", TrainingFolder(place / "job"))),
    }
    sys.stdout.write(json.dumps(told) + "\n")

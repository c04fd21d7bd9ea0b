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


@pytest.mark.parametrize("folder", ["", "benchmarks/"])
def test_what_is_wanted_is_pinned(folder: str) -> None:
    wanted = re.findall(r"^([A-Za-z][\w.-]*)", (ROOT / f"{folder}requirements.in").read_text(), re.MULTILINE)
    pinned = pins(f"{folder}requirements.txt")
    assert [name for name in wanted if name.lower().replace(".", "-").replace("_", "-") not in pinned] == [], REASON


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "benchmarks/requirements.txt"])
def test_no_registry_is_written_down(name: str) -> None:
    assert re.findall(r"^\s*(--(?:extra-)?index-url|--find-links|.*https?://).*", (ROOT / name).read_text(), re.M) == []

"""The benchmarks follow the product: what they import, by statement or by name, is there."""

import re
from importlib import import_module

import pytest
from django.utils.module_loading import import_string

from tests.harness.processes import ROOT

NAMED = re.compile(r'import_(string|module)\("([\w.]+)"\)')
OF_A_SITE = {"dashboard_settings", "dashboard_urls"}  # read by a process with settings of its own
FILES = sorted(path for path in (ROOT / "benchmarks").glob("*.py") if path.stem not in OF_A_SITE | {"__init__"})


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_every_module_can_be_imported(name: str) -> None:
    import_module(f"benchmarks.{name}")


@pytest.mark.parametrize(
    ("kind", "name"), sorted({found for path in FILES for found in NAMED.findall(path.read_text())})
)
def test_every_name_in_words_leads_somewhere(kind: str, name: str) -> None:
    found = import_string(name) if kind == "string" else import_module(name)
    assert found is not None

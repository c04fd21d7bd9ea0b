"""The house rules that no linter knows: budgets of size, forbidden names, one reader of the environment."""

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("config", "dashboard", "evaluation", "tuning", "bot", "knowledge", "llm", "foundation")
PRODUCT = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEMPLATES = sorted((ROOT / "dashboard" / "templates").rglob("*.html"))
FORBIDDEN_MODULES = {"utils", "helpers", "services", "common", "exceptions", "misc"}
FORBIDDEN_WORDS = re.compile(r"(Manager|Handler|Processor|Factory|Enhanced|Smart)$")
BROAD_EXCEPTS = 5


def functions(paths: list[Path]) -> Iterator[tuple[str, int, Path]]:
    """Name, length in lines and file of every function."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                yield node.name, node.end_lineno - node.lineno + 1, path


def too_long(paths: list[Path], limit: int) -> list[str]:
    lengths = {path: len(path.read_text().splitlines()) for path in paths}
    return [f"{path.relative_to(ROOT)}: {length}" for path, length in lengths.items() if length > limit]


@pytest.mark.parametrize(
    ("paths", "limit"), [(PRODUCT, 400), (TESTS, 300), (TEMPLATES, 150)], ids=["product", "tests", "templates"]
)
def test_files_keep_to_their_budget(paths: list[Path], limit: int) -> None:
    assert too_long(paths, limit) == []


def test_functions_are_short() -> None:
    lengths = list(functions(PRODUCT))
    assert [f"{path.name}:{name} {length}" for name, length, path in lengths if length > 60] == []
    assert statistics.median(length for _, length, _ in lengths) <= 10


def test_views_are_thin() -> None:
    views = [path for path in PRODUCT if path.parent.name == "views" or path.name == "views.py"]
    assert [f"{name} {length}" for name, length, _ in functions(views) if length > 25] == []


def test_modules_and_classes_are_named_by_their_subject() -> None:
    assert [path.name for path in PRODUCT if path.stem in FORBIDDEN_MODULES] == []
    classes = [node.name for path in PRODUCT for node in ast.walk(ast.parse(path.read_text()))
               if isinstance(node, ast.ClassDef)]  # fmt: skip
    assert [name for name in classes if FORBIDDEN_WORDS.search(name)] == []


def test_only_config_reads_the_environment() -> None:
    readers = [path for path in PRODUCT if re.search(r"os\.(environ|getenv)", path.read_text())]
    assert {path.relative_to(ROOT).parts[0] for path in readers} <= {"config"}


def test_broad_excepts_are_few() -> None:
    broad = [
        path.name
        for path in PRODUCT
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or getattr(node.type, "id", "") == "Exception")
    ]
    assert len(broad) <= BROAD_EXCEPTS, broad


def test_the_example_environment_names_every_setting() -> None:
    settings = (ROOT / "config" / "settings.py").read_text() + (ROOT / "config" / "environment.py").read_text()
    read = set(re.findall(r'(?:text|key|number|flag|words|log_level)\(\s*"([A-Z_]+)"', settings)) - {
        "PARLEY_SUPERVISOR"
    }
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read == example

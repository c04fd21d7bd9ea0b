"""The house rules that no linter knows: budgets of size, forbidden names, one reader of the environment."""

import ast
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("config", "dashboard", "evaluation", "tuning", "bot", "knowledge", "llm", "foundation")
PRODUCT = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEMPLATES = sorted((ROOT / "dashboard" / "templates").rglob("*.html"))
OWN_STATIC = [path for path in (ROOT / "dashboard" / "static").rglob("*.*s") if "vendor" not in path.parts]
FORBIDDEN_MODULES = {"utils", "helpers", "services", "common", "exceptions", "misc"}
FORBIDDEN_WORDS = re.compile(r"(Manager|Handler|Processor|Factory|Enhanced|Smart)$")
BROAD_EXCEPTS = 5
MODULES_PER_FOLDER = 14
WIDTH = 160  # of a line of HTML, CSS or JavaScript; ruff sees to Python's

# One name may stand in several folders where it says the same of each: Django's own files, what each platform and each
# format of files has, and a vendor's name.
SHARED_NAMES = {"__init__", "__main__", "apps", "base", "bot", "erasing", "forms", "health", "hidden", "messenger"}
SHARED_NAMES |= {"models", "parser", "posts", "tasks", "urls", "views"}
VENDORS = ("bot/platforms", "knowledge/embedders", "knowledge/parsers", "llm/providers", "tuning/trainers")


def functions(paths: list[Path]) -> Iterator[tuple[str, int, Path]]:
    """Name, length in lines and file of every function."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                yield node.name, node.end_lineno - node.lineno + 1, path


def classes() -> Iterator[tuple[str, Path]]:
    """Name and file of every class, those that Django asks for inside others left out."""
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name not in {"Meta", "Command"}:
                yield node.name, path


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path, known: set[str]) -> set[str]:
    """The modules among `known` that a file imports, also those it imports for types alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return (found & known) - {module_of(path)}


def places(names: Iterable[tuple[str, Path]]) -> dict[str, list[str]]:
    """The names that stand in more than one place, with the places."""
    found = defaultdict(list)
    for name, path in names:
        found[name].append(str(path.relative_to(ROOT)))
    return {name: where for name, where in found.items() if len(where) > 1}


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
    views = [path for path in PRODUCT if path.name.endswith("views.py")]
    assert [f"{name} {length}" for name, length, _ in functions(views) if length > 25] == []


def test_modules_and_classes_are_named_by_their_subject() -> None:
    assert [path.name for path in PRODUCT if path.stem in FORBIDDEN_MODULES] == []
    assert [name for name, _ in classes() if FORBIDDEN_WORDS.search(name)] == []


def test_folders_are_small_enough_to_be_read_at_a_glance() -> None:
    counts: dict[str, int] = defaultdict(int)
    for path in [*PRODUCT, *TESTS]:
        if path.name != "__init__.py" and path.parent.name != "commands":
            counts[str(path.parent.relative_to(ROOT))] += 1
    assert {folder: count for folder, count in counts.items() if count > MODULES_PER_FOLDER} == {}


def test_a_module_name_says_one_thing_in_the_whole_product() -> None:
    named = []
    for path in PRODUCT:
        folder = path.parent.relative_to(ROOT).as_posix()
        is_rows_or_command = path.parent.name in {"models", "commands"}
        if path.stem not in SHARED_NAMES and not folder.startswith(VENDORS) and not is_rows_or_command:
            named.append((path.stem, path))
    assert places(named) == {}


def test_a_class_name_says_one_thing_in_the_whole_product() -> None:
    assert places(classes()) == {}


def test_no_module_stands_on_itself() -> None:
    known = {module_of(path) for path in PRODUCT}
    TopologicalSorter({module_of(path): imports(path, known) for path in PRODUCT}).prepare()  # raises CycleError


def test_no_test_imports_another() -> None:
    tests = {module_of(path) for path in TESTS if path.name.startswith("test_")}
    assert {str(path.relative_to(ROOT)): found for path in TESTS if (found := imports(path, tests))} == {}


def test_templates_and_styles_are_not_crammed() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{number} {len(line)}"
        for path in [*TEMPLATES, *OWN_STATIC]
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > WIDTH
    ]
    assert long == []


def test_no_property_of_the_bot_is_kept_under_one_lock_for_all() -> None:
    """Before Python 3.12 functools.cached_property has one lock for every instance: whoever waits for it with a
    connection, for somebody who waits for a connection, waits for ever. Django's has none."""
    locked = [
        path for path in (ROOT / "bot").rglob("*.py") if re.search(r"functools.*\bcached_property", path.read_text())
    ]
    found = [str(path) for path in locked if "django.utils.functional" not in path.read_text()]
    assert found == []


def test_only_config_reads_the_environment() -> None:
    readers = [path for path in PRODUCT if re.search(r"os\.(environ|getenv)", path.read_text())]
    assert {path.relative_to(ROOT).parts[0] for path in readers} <= {"config"}


def test_broad_excepts_are_few() -> None:
    broad = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in PRODUCT
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    ]
    assert len(broad) <= BROAD_EXCEPTS, broad


def is_broad(handler: ast.ExceptHandler) -> bool:
    """Whether it takes whatever comes; one for BaseException that ends in `raise` only looks at it."""
    if handler.type is None or getattr(handler.type, "id", "") == "Exception":
        return True
    is_any = "BaseException" in ast.dump(handler.type)
    last = handler.body[-1]
    return is_any and not (isinstance(last, ast.Raise) and last.exc is None)


def test_the_example_environment_names_every_setting() -> None:
    settings = (ROOT / "config" / "settings.py").read_text() + (ROOT / "config" / "environment.py").read_text()
    read = set(re.findall(r'(?:text|key|number|flag|words|log_level)\(\s*"([A-Z_]+)"', settings)) - {
        "PARLEY_SUPERVISOR"
    }
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read == example

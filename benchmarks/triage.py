"""How often triage is right about an edit: a table over benchmarks/triage_cases.jsonl.

    python -m benchmarks.triage [--wrong]

An edit counts as a fact when triage finds anything in it that no passage supports. Cases that say `held_out` were
written apart and not looked at while the rules were mended. `--wrong` lists what went wrong, of those too.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import django

CASES = Path(__file__).with_name("triage_cases.jsonl")

Case = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="list what went wrong")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    cases = [json.loads(line) for line in CASES.read_text().splitlines()]
    started = time.perf_counter()
    judged = [(case, *judge(case)) for case in cases]
    seconds = time.perf_counter() - started
    sys.stdout.write(f"{len(cases)} edits, {seconds / len(cases) * 1000:.1f} ms each\n\n")
    sys.stdout.write(f"{'edits':<22}{'n':>5}{'precision':>11}{'recall':>9}{'kind right':>12}\n")
    for name, some in groups(judged):
        sys.stdout.write(row(name, some))
    sys.stdout.write(f"\nspans marked: precision {span_share(judged, 0):.3f}, recall {span_share(judged, 1):.3f}\n")
    if asked.wrong:
        for case, kind, spans in judged:
            if kind != case["kind"]:
                sys.stdout.write(f"{case['id']:>4} {case['kind']} -> {kind} {spans}\n     {case['edited']!r}\n")


def judge(case: Case) -> tuple[str, list[str]]:
    from tuning.examples import triage  # noqa: PLC0415  not before Django is set up

    fields = ("original", "edited", "passages", "said", "phrases")
    found = triage.judge(triage.Edit(**{name: case[name] for name in fields}))
    return str(found.kind), [each.text for each in found.unsupported]


Judged = tuple[Case, str, list[str]]


def groups(judged: Sequence[Judged]) -> Iterable[tuple[str, list[Judged]]]:
    yield "all", list(judged)
    yield "the rules were mended on", [each for each in judged if not each[0]["held_out"]]
    yield "held out", [each for each in judged if each[0]["held_out"]]
    for language in ("en", "de", "fr", "es", "ja"):
        yield f"  {language}", [each for each in judged if each[0]["language"] == language]
    tags = Counter(tag for case, _, _ in judged for tag in case["tags"])
    for tag in ("number", "price", "date", "name", "link", "negation", "sentence"):
        if tags[tag]:
            yield f"  {tag}", [each for each in judged if tag in each[0]["tags"]]


def row(name: str, some: Sequence[Judged]) -> str:
    right = sum(case["kind"] == "fact" and kind == "fact" for case, kind, _ in some)
    said = sum(kind == "fact" for _, kind, _ in some)
    true = sum(case["kind"] == "fact" for case, _, _ in some)
    kinds = sum(case["kind"] == kind for case, kind, _ in some)
    return f"{name:<22}{len(some):>5}{_share(right, said):>11}{_share(right, true):>9}{_share(kinds, len(some)):>12}\n"


def span_share(judged: Sequence[Judged], which: int) -> float:
    """Of the spans marked those that are meant (0), or of those meant the ones that are marked (1)."""
    found = total = 0
    for case, _, spans in judged:
        sides = (spans, case["unsupported"])
        for text in sides[which]:
            total += 1
            found += any(text in other or other in text for other in sides[1 - which])
    return found / max(1, total)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


if __name__ == "__main__":
    main()

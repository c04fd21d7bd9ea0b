"""The whole proof with a real small model on this machine: tuned to be brief, asked the sample cases, and judged.

It learns how answers are to sound, and too little of what they have to say: the very candidate that a gate is for.
"""

import re
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from bot.claims import citations
from bot.voices import choosing
from evaluation.cases import case_files, case_sets, collecting
from evaluation.models import CaseSet, EvaluationArm, EvaluationRun, PrimaryMeasure
from evaluation.runs import execution, starting
from evaluation.runs.starting import RunPlan
from llm.models import PromptVariant
from tuning.datasets.freezing import freeze
from tuning.demo import showing, writing
from tuning.demo.pairs import SHORTER

NAME = "rehearsal"
MOST_WORDS = 30
VOICE = {"most_words": MOST_WORDS, "banned_phrases": [long for long, _ in SHORTER]}
EPOCHS = 2
FIRST_SENTENCE = re.compile(rf".*?{citations.MARKER.pattern}[.!?]?", re.DOTALL)


def rehearse(say: Callable[[str], None], *, epochs: int = EPOCHS) -> EvaluationRun:
    """The run, when it is done. Raises DemoError where people have asked already, or the model is not installed."""
    showing.check()
    weights = showing.base()
    choosing.next_version(choosing.DEFAULT, VOICE)
    case_set = _cases()
    shelf = writing.shelf()
    taught = writing.make_examples([each for part in writing.questions() for each in part], shelf, brief)
    dataset = freeze(NAME, prompt=PromptVariant.SHORT, validation=0.0)
    say(
        f"{case_set.size} cases are frozen. Of {taught} answers that people made brief, {dataset.lines.count()} may be"
        f" learnt: the others ask what the cases ask. {weights.name} is trained on them."
    )
    with showing.tuned_writer(dataset, say, epochs=epochs) as candidate:
        plan = RunPlan(
            collections=[shelf.pk],
            candidate=candidate,
            arms=[EvaluationArm.RAG, EvaluationArm.TUNED_RAG],
            is_frozen=True,
            primary=PrimaryMeasure.STYLE,
        )
        run = starting.start(case_set, plan, by=None)
        say(f"Both are asked every case, from {timezone.localtime():%H:%M} on.")
        execution.run(run.pk, lambda done, total: say(f"{done} of {total} answers") if done % 24 == 0 else None)
    run.refresh_from_db()
    return run


def brief(answer: str) -> str:
    """A quoted answer as the voice wants it: its first sentence with what it cites, and contracted."""
    first = FIRST_SENTENCE.match(answer)
    said = first.group() if first else answer
    for long, short in SHORTER:
        said = re.sub(rf"\b{long}\b", short, said)
    return said


def _cases() -> CaseSet:
    path = Path(settings.BASE_DIR) / "evaluation" / "sample" / "cases.jsonl"
    found = case_files.read(path.name, path.read_bytes())
    collecting.add_drafts(found.drafts, origin=path.name, by=None)
    return case_sets.freeze(NAME, by=None)

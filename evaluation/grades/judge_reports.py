"""What a judge said of a run, and what it is worth beside people.

It is held against all answers of this install that people have graded and it has judged in the wording of today.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from evaluation.grades import judge_tasks
from evaluation.grades.grade_reports import first_two
from evaluation.grades.judge_tasks import HASHES
from evaluation.models import EvaluationRun, HumanGrade, Judgement, JudgementKind
from evaluation.scores import arm_scores, grade_agreement, judge_prompts
from evaluation.scores.grade_agreement import Calibration, Matched, Verdict
from llm.spending import pricing

MOST_UNKNOWN = 0.05  # of an arm's answers: as much as a candidate may lose of its facts


@dataclass(frozen=True)
class JudgedPairs:
    """Which of two answers keeps to the voice: `won` by the candidate. `inconsistent` ones prefer a place, not an
    answer, and are ties; of `decided` pairs the longer answer won `longer`."""

    won: int
    lost: int
    ties: int
    inconsistent: int
    unknown: int
    longer: int

    @property
    def decided(self) -> int:
        return self.won + self.lost


@dataclass(frozen=True)
class JudgeReport:
    """What one judge said of a run. `facts` are shares from 0 to 1 with the answers behind them, by arm; `unknown` are
    the shares of an arm's answers that it says nothing about, at a loss or never asked, and `fed` the answers whose
    facts it speaks for."""

    model: str
    facts: Mapping[str, tuple[float | None, int]]
    grounded: Mapping[str, tuple[float | None, int]]
    unknown: Mapping[str, float]
    pairs: JudgedPairs
    cost: Decimal | None
    calibration: Calibration
    ceiling: Matched
    fed: int

    @property
    def why_not(self) -> str:
        """Why nothing is made of what it says; empty where something is."""
        most = max(self.unknown.values(), default=0.0)
        if not self.calibration.why_not and most > MOST_UNKNOWN:
            allowed = f"{100 * MOST_UNKNOWN:.0f} % may be"
            return f"Of {100 * most:.0f} % of the answers of an arm it says nothing, at a loss or not asked; {allowed}."
        return self.calibration.why_not


def report(run: EvaluationRun) -> JudgeReport | None:
    """Of the judge that was asked last about a run; None where none was."""
    last = _last(run)
    if last is None:
        return None
    said = Judgement.objects.filter(result__run=run, model=last.model, prompt_hash__in=HASHES.values())
    rows = list(said.select_related("result", "against").defer("result__trace", "against__trace"))
    answers = [row for row in rows if row.kind == JudgementKind.ANSWER]
    return JudgeReport(
        model=last.model,
        facts=_shares(answers, "facts", judge_prompts.RIGHT),
        grounded=_shares(answers, "grounded", judge_prompts.YES),
        unknown=_unknown(run, answers),
        pairs=_pairs([row for row in rows if row.kind == JudgementKind.PAIR]),
        cost=pricing.total(row.cost for row in rows),
        calibration=calibration(last.model),
        ceiling=ceiling(),
        fed=len(feeding(run)),
    )


def as_json(run: EvaluationRun) -> dict[str, Any]:
    """What `manage.py evaluate --judge --json` prints of the judge."""
    found = report(run)
    if found is None:
        return {"run": run.pk, "judge": None}
    beside, pairs = found.calibration, found.pairs
    return {
        "run": run.pk,
        "judge": found.model,
        "facts": {arm: {"share": share, "answers": count} for arm, (share, count) in found.facts.items()},
        "grounded": {arm: {"share": share, "answers": count} for arm, (share, count) in found.grounded.items()},
        "unknown": dict(found.unknown),
        "voice": {**asdict(pairs), "decided": pairs.decided},
        "calibration": {
            "labels": beside.matched.count,
            "kappa": beside.matched.kappa,
            "tpr": beside.sensitivity,
            "tnr": beside.specificity,
            "unknown": beside.unknown,
            "people_kappa": found.ceiling.kappa,
            "people_labels": found.ceiling.count,
            "is_trusted": beside.is_trusted,
            "why_not": found.why_not or None,
        },
        "feeds_gate": found.fed,
        "cost_usd": None if found.cost is None else f"{found.cost:.8f}",
    }


def in_lines(run: EvaluationRun) -> Iterator[str]:
    """The same for people."""
    found = report(run)
    if found is None:
        yield "Nothing was judged."
        return
    for arm, unknown in found.unknown.items():
        share, count = found.facts.get(arm, (None, 0))
        grounded, of = found.grounded.get(arm, (None, 0))
        yield f"{arm}: facts {_of(share)} of {count}, unknown {_of(unknown)}; grounded {_of(grounded)} of {of}"
    pairs = found.pairs
    yield (
        f"voice: the candidate {pairs.won}, the live model {pairs.lost}, ties {pairs.ties} ({pairs.inconsistent} that"
        f" go by the place), the longer one {pairs.longer} of {pairs.decided}; unknown {pairs.unknown}"
    )
    beside, people = found.calibration, found.ceiling
    yield (
        f"beside people: {beside.matched.count} answers, kappa {_of(beside.matched.kappa)},"
        f" TPR {_of(beside.sensitivity)}, TNR {_of(beside.specificity)};"
        f" people among themselves: {people.count} answers, kappa {_of(people.kappa)}"
    )
    yield found.why_not or f"It is trusted, and speaks for the facts of {found.fed} answers."


def _of(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def calibration(model: str) -> Calibration:
    """A judge's word on facts beside that of people, an answer that was given twice counted once."""
    said = Judgement.objects.filter(kind=JudgementKind.ANSWER, model=model, prompt_hash=HASHES[JudgementKind.ANSWER])
    people = _people(said.values_list("result", flat=True))
    rows = said.filter(result__in=people).order_by("id")
    pairs: dict[tuple[int, str], tuple[bool, Verdict]] = {}
    for result, case, answer, verdicts in rows.values_list("result", "result__case", "result__answer", "verdicts"):
        pairs.setdefault((case, answer), (people[result], facts(verdicts)))
    return grade_agreement.calibrated(pairs.values())


def ceiling() -> Matched:
    """How far two people agree on facts, in all runs: no judge can be asked for more. Of what was erased nobody can say
    any more which answers were the same, so it is left out."""
    said: dict[tuple[int, str], list[tuple[int | None, bool]]] = defaultdict(list)
    told = HumanGrade.objects.exclude(is_factual=None).exclude(result__has_passed=None)
    grades = told.order_by("created_at", "id")
    for case, answer, grader, is_right in grades.values_list("result__case", "result__answer", "grader", "is_factual"):
        said[(case, answer)].append((grader, bool(is_right)))
    return grade_agreement.matched(filter(None, map(first_two, said.values())))


def feeding(run: EvaluationRun) -> dict[int, bool]:
    """By result, whether its facts are right as a judge says who is trusted; empty where none is.

    What it left unknown is not in it. Where it says nothing of too many answers of an arm, at a loss or never asked
    (refused by its provider, the budget used up, stopped, not done yet), no arm is judged by it: else answers that
    confuse a judge, or that it never saw, would make an arm better by being left out.
    """
    last = _last(run, JudgementKind.ANSWER)
    if last is None or not calibration(last.model).is_trusted:
        return {}
    said = Judgement.objects.filter(result__run=run, model=last.model, prompt_hash=last.prompt_hash)
    rows = list(said.select_related("result").defer("result__trace"))
    if max(_unknown(run, rows).values(), default=0.0) > MOST_UNKNOWN:
        return {}
    told = {row.result_id: facts(row.verdicts) for row in rows}
    return {result: verdict for result, verdict in told.items() if verdict is not None}


def _last(run: EvaluationRun, *kinds: JudgementKind) -> Judgement | None:
    """What was said last of a run in the wordings of today; it tells who is its judge."""
    hashes = [HASHES[kind] for kind in kinds or HASHES]
    return Judgement.objects.filter(result__run=run, prompt_hash__in=hashes).order_by("-id").first()


def _unknown(run: EvaluationRun, rows: Iterable[Judgement]) -> dict[str, float]:
    """The share of each arm's answers, of all that a judge can be asked about, that it says nothing about."""
    asked = Counter(judge_tasks.judgeable(run).order_by().values_list("arm", flat=True))
    told = Counter(row.result.arm for row in rows if facts(row.verdicts) is not None)
    return {arm: (count - told[arm]) / count for arm, count in sorted(asked.items())}


def facts(verdicts: Mapping[str, str]) -> Verdict:
    """True, False, or None for what is unknown."""
    return {judge_prompts.RIGHT: True, judge_prompts.WRONG: False}.get(verdicts["facts"])


def _people(results: Iterable[int]) -> dict[int, bool]:
    """What more people say of the facts, by result; those at odds are in none."""
    said: dict[int, list[bool]] = defaultdict(list)
    grades = HumanGrade.objects.filter(result__in=results).exclude(is_factual=None)
    for result, is_right in grades.values_list("result", "is_factual"):
        said[result].append(bool(is_right))
    told = {result: arm_scores.majority(values) for result, values in said.items()}
    return {result: verdict for result, verdict in told.items() if verdict is not None}


def _shares(rows: Iterable[Judgement], name: str, good: str) -> dict[str, tuple[float | None, int]]:
    """What is unknown is in no share."""
    said: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        if row.verdicts[name] != judge_prompts.UNKNOWN:
            said[row.result.arm].append(row.verdicts[name] == good)
    return {arm: (sum(each) / len(each), len(each)) for arm, each in said.items()}


def _pairs(rows: Sequence[Judgement]) -> JudgedPairs:
    better = [row.verdicts["better"] for row in rows]
    places = [(row.verdicts["straight"], row.verdicts["swapped"]) for row in rows]
    return JudgedPairs(
        won=better.count(judge_prompts.SECOND),
        lost=better.count(judge_prompts.FIRST),
        ties=better.count(judge_prompts.TIE),
        inconsistent=sum(
            one != judge_prompts.turned(other) and judge_prompts.UNKNOWN not in (one, other) for one, other in places
        ),
        unknown=better.count(judge_prompts.UNKNOWN),
        longer=sum(_is_longer(row) for row in rows),
    )


def _is_longer(row: Judgement) -> bool:
    """Whether the answer that won is the longer one."""
    candidate, live = len(row.result.answer), len(row.against.answer) if row.against else 0
    won = row.verdicts["better"]
    return (won == judge_prompts.SECOND and candidate > live) or (won == judge_prompts.FIRST and live > candidate)

"""What an answer of a run is worth: the scores, with what has to be looked up for them."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from bot.answers.answering import Answer
from bot.models import Outcome
from bot.voices import framing, style
from bot.wording import phrases, speech
from evaluation.models import EvaluationArm, EvaluationCase, EvaluationRun, ExpectedBehaviour
from evaluation.runs import arms
from evaluation.scores import scoring
from evaluation.scores.scoring import Observed, ObservedPassage, Scored
from knowledge.models import Chunk, Document, DocumentState
from knowledge.retrieval.search import Hit


class GoldDocuments:
    """The documents that hold the answers of a set, as they are while it is run; each is read once."""

    def __init__(self, collections: Iterable[int]) -> None:
        self._collections = list(collections)
        self._texts: dict[str, str | None] = {}

    def texts(self, named: Iterable[str]) -> Mapping[str, str | None]:
        """Each named document with its text of today; None where the collections hold none of that name."""
        for name in named:
            if name not in self._texts:
                self._texts[name] = self._text(name)
        return {name: self._texts[name] for name in named}

    def _text(self, name: str) -> str | None:
        found = [pk for pk, path, url in self._known if scoring.is_at(name, path, url)]
        if not found:
            return None
        chunks = Chunk.objects.filter(document__in=found).order_by("document", "ordinal")
        return "\n".join(chunks.values_list("text", flat=True)) or None

    @cached_property
    def _known(self) -> list[tuple[int, str, str]]:
        held = Document.objects.filter(collection__in=self._collections, state=DocumentState.INDEXED)
        return list(held.values_list("pk", "path", "url"))


def grade(
    run: EvaluationRun, case: EvaluationCase, arm: EvaluationArm, answer: Answer, documents: GoldDocuments
) -> Scored:
    """The scores of an answer that one arm of a run gave to a case."""
    voice = run.voice
    return scoring.score(
        Observed(
            expected=ExpectedBehaviour(case.expected),
            outcome=answer.outcome,
            text=answer.text,
            must_include=case.must_include,
            must_not_include=case.must_not_include,
            passages=list(map(_passage, answer.retrieval.hits)) if arm in arms.OVER_PASSAGES else None,
            cited=[_passage(cited.hit) for cited in answer.citations],
            invalid_markers=answer.invalid_markers,
            gold=documents.texts(case.gold),
            turns=[*(turn["text"] for turn in case.history), case.question],
            faults=style.faults(voice, answer.text) if voice and answer.outcome == Outcome.ANSWERED else None,
            courtesies=(*(framing.fixed(voice) if voice else ()), *speech.translations(phrases.LEFT_OPEN)),
            total_ms=answer.total_ms,
        )
    )


def _passage(hit: Hit) -> ObservedPassage:
    """A passage with its headings, as the model is given it."""
    return ObservedPassage(hit.path, hit.url, "\n\n".join(filter(None, (hit.heading or hit.title, hit.text))))

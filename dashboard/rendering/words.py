"""What outcomes, purposes, resolutions, thumbs, faults and jobs are called on pages, and how far to trust a prompt."""

from bot.answers import guarding
from bot.answers.replays import Fidelity
from bot.answers.trace import Became
from bot.claims.checking import Fault
from bot.models import Outcome
from llm.models import Purpose
from tuning.models import JobState

PURPOSES = {
    Purpose.ANSWER: "Write the answer",
    Purpose.EMBED_QUESTION: "Compare the question",
    Purpose.EMBED_DOCUMENT: "Index a document",
    Purpose.REWRITE: "Understand a follow-up",
    Purpose.JUDGE: "Grade",
    Purpose.TEST: "Try a model",
    Purpose.TUNE: "Tune a model",
    Purpose.RESTYLE: "Put into the voice",
    Purpose.EVALUATE: "Evaluate a model",
}

# The outcome in plain words, and what it means for the reader.
OUTCOMES = {
    Outcome.ANSWERED: ("Answered", "Every source is numbered; open it to see the passage."),
    Outcome.NOT_IN_DOCS: ("Not in the documents", "None of the passages found holds the answer."),
    Outcome.CLARIFY: ("Needs a question", "Nothing was searched."),
    Outcome.ESCALATED: ("Handed to a person", "It waits for somebody of the team."),
    Outcome.BLOCKED: ("Blocked", "A rule of this install does not let this question be answered."),
    Outcome.OVER_BUDGET: ("Over budget", "The budget for answers is used up."),
    Outcome.PROVIDER_ERROR: ("Could not be written", "The model that writes the answers failed."),
}

# What is wrong with a sentence that was caught before an answer was shown, and what came of it.
FAULTS = {
    Fault.NUMBER: "a number that no passage has",
    Fault.DATE: "a date that no passage has",
    Fault.NAME: "a name that no passage has",
    Fault.ADDRESS: "an address that no passage has",
    Fault.REVERSED: "the passages say the contrary",
    Fault.STRANGE: "no passage speaks of it",
    Fault.MISCITED: "another passage says it than the one it cited",
    guarding.UNMARKED: "it cited nothing",
    guarding.BESIDE: "not what was asked",
}
BECAME = {
    Became.MENDED: "The model wrote it anew",
    Became.REMOVED: "Taken out",
    Became.MARKED: "Cited from the passage that says it",
    Became.WITHDRAWN: "The answer was not shown",
}

FIDELITIES = {
    Fidelity.EXACT: "Built again from what was kept, and the same to the letter as what was sent.",
    Fidelity.CHANGED: (
        "Built again from what was kept, but not what was sent: the wording, the voice or an earlier turn has changed "
        "since."
    ),
    Fidelity.UNKNOWN: "Built again from what was kept; what was sent was not, so it may have differed.",
    Fidelity.UNSENT: "No model wrote this answer; built of what was kept, this is what one would be asked.",
}

# Whether the asker was helped, as evaluation.figures.resolution tells it, and what that says.
RESOLUTIONS = {
    "confirmed": ("Confirmed", "somebody said so"),
    "assumed": ("Assumed", "answered, and nobody said anything"),
    "escalated": ("Escalated", "a person took it"),
    "abandoned": ("Abandoned", "no answer, or a wrong one, and nobody took it"),
}

THUMBS = {True: ("👍", "Thumbs up"), False: ("👎", "Thumbs down")}

# A state of a job, and what it means for whoever waits for it.
JOB_STATES = {
    JobState.WAITING: ("Waiting", "A worker takes it to its trainer within a minute."),
    JobState.UPLOADING: ("Uploading", "The files are on their way to the trainer."),
    JobState.RUNNING: ("Running", "The trainer has it. This page shows what it tells."),
    JobState.PAUSED: ("Paused", "Its trainer holds it, and wants something of you: look on its own page."),
    JobState.SUCCEEDED: ("Succeeded", "The model is in the registry. It answers nobody before somebody deploys it."),
    JobState.FAILED: (
        "Failed",
        "Put right what is said below and order it again; a charge for what was trained may stay.",
    ),
    JobState.CANCELLED: ("Cancelled", "Nothing more is trained. A charge for what was trained before may stay."),
}
UNSERVED = "Its weights are there. Serve them, and say below where."
BY_HAND = "It waits for you: train it, and register the model below."

TRAINERS = {
    "openai_compatible": "a fine-tuning API",
    "by_hand": "by hand",
    "lora": "LoRA on this machine",
}

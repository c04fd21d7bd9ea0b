"""A prompt, for tests of those that send one."""

from llm.prompt import Passage, Prompt, Turn

PROMPT = Prompt(
    system="Answer from the passages.",
    question="What is the refund policy?",
    context="[1] Refunds: 30 days.",
    passages=(Passage(1, "Refunds", "", "30 days."),),
    history=(Turn("user", "Hello"), Turn("assistant", "Hi")),
    max_output_tokens=77,
)

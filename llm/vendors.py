"""The vendors of models: what each can do, where it is, and what follows from that. The one table of them.

A new vendor is a line here and a file in llm.providers or knowledge.embedders. A name that stands in no line is
nobody's: it is never taken for a vendor that costs nothing, runs here, or quotes.
"""

from dataclasses import dataclass
from typing import Any, Literal

from django.utils.module_loading import import_string

from llm.completion import ProviderError

Work = Literal["answers", "embeds", "batches"]


@dataclass(frozen=True)
class Vendor:
    """`answers`, `embeds` and `batches` (many answers in one order, for half the price) are dotted paths of classes.

    They are empty where it does not do that.
    They are imported on first use, as an SDK costs memory and start-up time. Without an `address` it runs in this
    process: it costs nothing and takes no key. `quotes`: its answers are the documents' own sentences, with no model
    that could read, refuse or rewrite.
    """

    answers: str = ""
    embeds: str = ""
    batches: str = ""
    address: str = ""
    quotes: bool = False


QUOTING, SENTENCES = "extractive", "best-sentences"  # who quotes, and its one model
VENDORS = {
    QUOTING: Vendor(answers="llm.providers.extractive.provider.ExtractiveProvider", quotes=True),
    "local": Vendor(embeds="knowledge.embedders.local.LocalEmbedder"),
    "openai": Vendor(
        answers="llm.providers.openai.OpenAIProvider",
        embeds="knowledge.embedders.openai.OpenAIEmbedder",
        batches="llm.providers.openai_batches.OpenAIBatches",
        address="https://api.openai.com/v1",
    ),
    "anthropic": Vendor(
        answers="llm.providers.anthropic.AnthropicProvider",
        batches="llm.providers.anthropic_batches.AnthropicBatches",
        address="https://api.anthropic.com",
    ),
}


class UnknownVendorError(ProviderError):
    """A deployment names a vendor that does not exist, or does not do this."""

    def __init__(self, message: str) -> None:
        super().__init__(message, kind="bad_request")


def those_that(work: Work) -> list[str]:
    """The names of the vendors that do this."""
    return sorted(name for name, vendor in VENDORS.items() if getattr(vendor, work))


def load(name: str, work: Work) -> Any:
    """The class by which a vendor does this. Raises UnknownVendorError."""
    path = getattr(VENDORS.get(name, Vendor()), work)
    if not path:
        raise UnknownVendorError(f"No vendor named {name} {work}; those that do are {', '.join(those_that(work))}.")
    return import_string(path)


def remote() -> list[str]:
    """The names of the vendors that are asked over the network, with a key."""
    return [name for name, vendor in VENDORS.items() if vendor.address]


def address(name: str) -> str:
    """A vendor's own address; empty where it has none."""
    return VENDORS.get(name, Vendor()).address


def runs_here(name: str) -> bool:
    """Whether it runs in this process, and therefore costs nothing."""
    return name in VENDORS and not VENDORS[name].address


def quotes(name: str) -> bool:
    return name in VENDORS and VENDORS[name].quotes

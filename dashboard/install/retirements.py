"""Models that end, as the doctor tells it. The command of that name stands in a room that knows of no registry."""

from collections.abc import Iterator
from datetime import date

from bot.platforms.findings import Finding
from tuning import expiry

ADVICE = "Tune again elsewhere, from the page Registry; or let another model answer, on the page Models."


def findings(today: date) -> Iterator[Finding]:
    """One for each version that ends soon; one that says that none does."""
    found = expiry.endings(today)
    for ending in found:
        yield Finding("models", str(ending.version), False, ending.sentence, ADVICE)
    if not found:
        yield Finding("models", "ends", True, f"No registered model is known to end within {max(expiry.DAYS)} days.")

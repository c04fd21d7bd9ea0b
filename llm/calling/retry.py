"""The one place that decides whether a call is made again, and when."""

from random import SystemRandom

from llm.completion import ProviderError

ATTEMPTS = 4
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0

_random = SystemRandom()


def pause(error: ProviderError, attempts: int, remaining: float) -> float | None:
    """Seconds to wait before asking again after `attempts` failures; None when that is pointless.

    What the provider asks for is obeyed to the second. Without word from it the pause doubles from FIRST_PAUSE to
    LONGEST_PAUSE, with up to half taken off at random so that many callers do not come back at once. A pause that
    does not fit into the `remaining` seconds is not begun.
    """
    if error.permanent or error.kind == "open" or attempts >= ATTEMPTS:
        return None
    wait = error.retry_after
    if wait is None:
        wait = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE) * _random.uniform(0.5, 1.0)
    return wait if wait < remaining else None

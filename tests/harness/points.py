"""The points at which a bot can be made to die, as its source names them."""

import re

from tests.harness.processes import ROOT

REACHED = re.compile(r'failpoints\.reach\("([^"]+)"\)')


def names() -> set[str]:
    return {name for path in (ROOT / "bot").rglob("*.py") for name in REACHED.findall(path.read_text())}

"""Writes docs/wording.md and the catalogues of translations from the sentences in bot/wording.

.venv/bin/python docs/write_wording.py: new sentences come into each catalogue with nothing beside them, those that are
gone leave it, and what is there is compiled, as nobody who installs Parley has gettext.
"""

import os
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402
from babel.messages.catalog import Catalog  # noqa: E402
from babel.messages.mofile import write_mo  # noqa: E402
from babel.messages.pofile import read_po, write_po  # noqa: E402
from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402

if not apps.ready:
    django.setup()

from bot.wording import phrases  # noqa: E402

LOCALE = ROOT / "bot" / "locale"
LIST = ROOT / "docs" / "wording.md"
UNCHANGED = datetime(2026, 1, 1, tzinfo=UTC)  # so that what is compiled is the same every time
# Lines of a catalogue's head that say nothing here, or change with every run.
PLACEHOLDERS = tuple(
    f'"{name}'
    for name in ("POT-Cr", "PO-Rev", "Generated-By", "Project-Id", "Report-Msgid", "Last-Translator", "Language-Team")
)
OPENING = """\
# What Parley says

Every sentence of Parley's own that an asker reads, made from `bot/wording/phrases.py` by `docs/write_wording.py`. What
stands in braces is put in. A voice may say each in its own words: Voices > *Its own words*, by the name on the left.
Answers are not here: their words are of the documents, or of a model.
"""


def path_of(language: str, ending: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"django.{ending}"


def languages() -> list[str]:
    """Those that have a catalogue; English needs none."""
    return [code for code, _ in settings.LANGUAGES if code != "en"]


def catalogue(language: str) -> Catalog:
    """The sentences of today with what is translated of them."""
    path = path_of(language, "po")
    known = read_po(BytesIO(path.read_bytes()), locale=language) if path.exists() else Catalog()
    made = Catalog(locale=language, project="Parley", fuzzy=False, header_comment="# Parley's sentences to askers.")
    made.creation_date = made.revision_date = UNCHANGED
    for each in phrases.every():
        made.add(each.text, _in(known, each.text), auto_comments=[each.key])
    return made


def po(language: str) -> bytes:
    written = BytesIO()
    write_po(written, catalogue(language), width=120, omit_header=False)
    lines = written.getvalue().decode().splitlines()
    kept = (line for line in lines if not line.startswith(PLACEHOLDERS))
    return ("\n".join(kept) + "\n").encode()


def mo(language: str) -> bytes:
    written = BytesIO()
    write_mo(written, catalogue(language))
    return written.getvalue()


def listed() -> str:
    """The page: every sentence in every language."""
    catalogues = [catalogue(code) for code in languages()]
    head = ["name", *(name for _, name in settings.LANGUAGES)]
    rows = [[f"`{each.key}`", each.text, *(_in(known, each.text) for known in catalogues)] for each in phrases.every()]
    table = [head, ["---"] * len(head), *rows]
    return "\n".join([OPENING, *(f"| {' | '.join(row)} |" for row in table)]) + "\n"


def _in(known: Catalog, text: str) -> str:
    found = known.get(text)
    return str(found.string) if found else ""


def main() -> None:
    for language in languages():
        path_of(language, "po").parent.mkdir(parents=True, exist_ok=True)
        path_of(language, "po").write_bytes(po(language))
        path_of(language, "mo").write_bytes(mo(language))
    LIST.write_text(listed())
    for language in languages():
        known = catalogue(language)
        missing = [each.key for each in phrases.every() if not _in(known, each.text)]
        if missing:
            sys.stdout.write(f"{language}: not translated yet: {', '.join(missing)}\n")


if __name__ == "__main__":
    main()

"""Files that appear whole or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file written beside `path` and put in its place when all went well. Raises OSError.

    A pipe or a device cannot be replaced and is written to as it is; a link stays one.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        with path.open("wb") as pipe:
            yield pipe
        return
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
        try:
            yield draft.file
            draft.flush()
            Path(draft.name).chmod(0o644)
            Path(draft.name).replace(path)
        finally:
            Path(draft.name).unlink(missing_ok=True)  # it is there only if something went wrong

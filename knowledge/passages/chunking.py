"""A document's Markdown to passages of a size that a model can take in and a reader can check. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from knowledge.passages import hyperlinks, sentences
from knowledge.passages.blocks import Block, Path, blocks, cells

# Goes up when the same Markdown gives other passages, so that documents are split anew.
VERSION = 2
MAX_TOKENS = 200
MIN_TOKENS = 40  # a section below this is joined to the next, because it says too little by itself
CHARACTERS_PER_TOKEN = 20  # no text holds more; a tokenizer may count a word of any length as one
_HEADING = re.compile(r"#{1,6} ")

CountTokens = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True)
class ChunkText:
    """A passage before it is a row. `heading` is its path joined by " > "; spans are offsets of sentences in `text`.

    `links` are what it links to, once its document is known. `token_count` is that of what is embedded.
    """

    heading: str
    text: str
    token_count: int
    sentence_spans: list[tuple[int, int]]
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Piece:
    path: Path
    text: str
    size: int

    @property
    def is_lead_in(self) -> bool:
        """Whether it announces what follows it."""
        return self.text.endswith((":", "?"))


def split(markdown: str, title: str, count_tokens: CountTokens, max_tokens: int = MAX_TOKENS) -> list[ChunkText]:
    """The passages of a Markdown document."""
    return pack(blocks(markdown, title), count_tokens, max_tokens)


def pack(found: Sequence[Block], count_tokens: CountTokens, max_tokens: int = MAX_TOKENS) -> list[ChunkText]:
    """Blocks as passages of at most about `max_tokens` tokens, in order; together they hold all of the text."""
    splitter = _Splitter(count_tokens, max_tokens)
    groups = splitter.packed(splitter.pieces(found))
    assembled = [_assembled(group) for group in groups]
    sizes = count_tokens([hyperlinks.plain(text) for _, text in assembled])
    return [
        ChunkText(" > ".join(path), text, size, spans(text))
        for (path, text), size in zip(assembled, sizes, strict=True)
    ]


class _Splitter:
    def __init__(self, count_tokens: CountTokens, max_tokens: int) -> None:
        self.count_tokens = count_tokens
        self.max_tokens = max_tokens

    def sizes(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text without its addresses, or as many as its length alone stands for."""
        texts = [hyperlinks.plain(text) for text in texts]
        long = [len(text) // CHARACTERS_PER_TOKEN for text in texts]
        counted = self.count_tokens(
            [text if size <= self.max_tokens else "" for text, size in zip(texts, long, strict=True)]
        )
        return [max(pair) for pair in zip(long, counted, strict=True)]

    def pieces(self, found: Sequence[Block]) -> list[_Piece]:
        whole = [block.text(block.units) for block in found]
        pieces: list[_Piece] = []
        for block, text, size in zip(found, whole, self.sizes(whole), strict=True):
            if size <= self.max_tokens:
                pieces.append(_Piece(block.path, text, size))
            else:
                pieces += self._cut(block)
        return pieces

    def _cut(self, block: Block) -> Iterator[_Piece]:
        """A block as pieces that fit, each with its lead and its tail."""
        lead = self.sizes([block.lead + block.tail])[0]
        if lead * 2 > self.max_tokens:
            block, lead = _without_lead(block), 0
        room = self.max_tokens - lead
        held: list[str] = []
        size = 0
        for unit, unit_size in self._fitting(block, room):
            if held and size + unit_size > room:
                yield _Piece(block.path, block.text(tuple(held)), lead + size)
                held, size = [], 0
            held.append(unit)
            size += unit_size
        if held:
            yield _Piece(block.path, block.text(tuple(held)), lead + size)

    def _fitting(self, block: Block, room: int) -> Iterator[tuple[str, int]]:
        """The units of a block and their sizes, those above `room` cut in halves until they fit."""
        waiting = list(zip(block.units, self.sizes(block.units), strict=True))[::-1]
        while waiting:
            unit, size = waiting.pop()
            halves = block.halved(unit) if size > room else ("", "")
            if all(half.strip() for half in halves) and max(map(len, halves)) < len(unit):
                waiting += list(zip(halves, self.sizes(halves), strict=True))[::-1]
            else:
                yield unit, size

    def packed(self, pieces: list[_Piece]) -> list[list[_Piece]]:
        """Pieces in groups, each to be one passage; a group ends where its section does, unless it is tiny."""
        groups: list[list[_Piece]] = []
        for piece in pieces:
            last = groups[-1] if groups else None
            if last is None or (piece.path != last[-1].path and _size(last) >= MIN_TOKENS):
                groups.append([piece])
            elif self._fits([*last, piece]):
                last.append(piece)
            else:
                carried = [last.pop()] if len(last) > 1 and self._may_carry(last[-1], piece) else []
                groups.append([*carried, piece])
        return self._without_tiny(groups)

    def _may_carry(self, before: _Piece, piece: _Piece) -> bool:
        return before.is_lead_in and before.path == piece.path and self._fits([before, piece])

    def _without_tiny(self, groups: list[list[_Piece]]) -> list[list[_Piece]]:
        """Join what is still tiny to the passage before it where both fit into one."""
        kept: list[list[_Piece]] = []
        for group in groups:
            if kept and _size(group) < MIN_TOKENS and self._fits(kept[-1] + group):
                kept[-1] += group
            else:
                kept.append(group)
        return kept

    def _fits(self, group: list[_Piece]) -> bool:
        if _size(group) > self.max_tokens:
            return False
        if all(piece.path == group[0].path for piece in group):
            return True
        return self.sizes([_assembled(group)[1]])[0] <= self.max_tokens


def _size(group: list[_Piece]) -> int:
    return sum(piece.size for piece in group)


def _assembled(group: list[_Piece]) -> tuple[Path, str]:
    """The path that all pieces share, and their text, with the headings that the shared path leaves out."""
    shared = group[0].path
    for piece in group:
        shared = _common(shared, piece.path)
    parts: list[str] = []
    place = shared
    for piece in group:
        known = len(_common(place, piece.path))
        parts += [f"{'#' * min(depth + 1, 6)} {piece.path[depth]}" for depth in range(known, len(piece.path))]
        parts.append(piece.text)
        place = piece.path
    return shared, "\n\n".join(parts)


def _common(one: Path, other: Path) -> Path:
    length = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    return one[: min(len(one), len(other)) if length is None else length]


def _without_lead(block: Block) -> Block:
    """A table too wide to repeat its header, as a list whose items name the columns; code as plain text."""
    if block.tail:
        return replace(block, lead="", tail="")
    names = cells(block.lead.split("\n")[0])
    items = (
        "; ".join(f"{name}: {cell}" if name else cell for name, cell in zip(names, cells(row), strict=True) if cell)
        for row in block.units
    )
    return Block(block.path, tuple(f"- {item}\n" for item in items if item) or (" ".join(names),))


def spans(text: str) -> list[tuple[int, int]]:
    """Sentences that can be quoted: a heading is none, unless there is nothing else."""
    found = sentences.split(text)
    return [span for span in found if not _HEADING.match(text, span[0])] or found

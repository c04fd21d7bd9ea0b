"""A small chart of a few lines over a logarithmic scale, as SVG."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, GAP = 340, 220, 56, 44, 40
LINES = {
    "Latency, ms (embed + SQL)": {"p50_ms": "median", "p95_ms": "p95"},
    "Questions per second, 8 clients": {"queries_per_second": "two cores, clients beside the server"},
    "Vector index built in, s": {"index_seconds": "HNSW"},
    "On disk and in memory, MB": {"disk_mb": "disk", "server_mb": "memory of the server"},
}
COLOURS = ("#2563eb", "#d97706")


def svg(figures: Mapping[int, Mapping[str, Any]]) -> str:
    """Four panels over the number of passages; both axes are logarithmic. `figures` are rows by number of passages."""
    sizes = sorted(figures)
    panels = [
        _panel(title, lines, sizes, figures, _corner(number)) for number, (title, lines) in enumerate(LINES.items())
    ]
    width, height = 2 * (WIDTH + LEFT) + 2 * GAP, 2 * (HEIGHT + 90) + TOP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        ' aria-label="How cost grows with the number of passages" font-family="system-ui, sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(panels)}</svg>\n'
    )


def _corner(number: int) -> tuple[int, int]:
    return LEFT + (number % 2) * (WIDTH + LEFT + GAP), TOP + (number // 2) * (HEIGHT + 90)


def _panel(
    title: str,
    lines: Mapping[str, str],
    sizes: Sequence[int],
    figures: Mapping[int, Mapping[str, Any]],
    corner: tuple[int, int],
) -> str:
    values = [float(figures[size].get(name) or 0) for name in lines for size in sizes]
    low = 10 ** math.floor(math.log10(min((v for v in values if v > 0), default=1)))
    high = 10 ** math.ceil(math.log10(max(*values, low * 10)))

    def across(size: int) -> float:
        return corner[0] + WIDTH * math.log(size / sizes[0]) / (math.log(sizes[-1] / sizes[0]) or 1)

    def up(value: float) -> float:
        return corner[1] + HEIGHT * (1 - math.log(max(value, low) / low) / math.log(high / low))

    left, bottom = corner[0], corner[1] + HEIGHT
    parts = [_text(left, corner[1] - 14, title, anchor="start")]
    mark = low
    while mark <= high:
        parts.append(f'<path d="M{left} {up(mark):.1f}h{WIDTH}" stroke="#e5e7eb"/>')
        parts.append(_text(left - 6, up(mark) + 4, _short(mark), anchor="end"))
        mark *= 10
    parts += [_text(across(size), bottom + 18, _short(size), anchor="middle") for size in sizes]
    for number, (name, label) in enumerate(lines.items()):
        points = [(across(size), up(float(figures[size][name]))) for size in sizes if figures[size].get(name)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline fill="none" stroke="{COLOURS[number]}" stroke-width="2" points="{path}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[number]}"/>' for x, y in points]
        parts.append(
            f'<rect x="{left + number * 90}" y="{bottom + 29}" width="10" height="10" fill="{COLOURS[number]}"/>'
        )
        parts.append(_text(left + 16 + number * 90, bottom + 38, label, anchor="start"))
    return "".join(parts)


def _text(x: float, y: float, written: str, *, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333">{written}</text>'


def _short(number: float) -> str:
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if number >= size:
            return f"{number / size:g}{unit}"
    return f"{number:g}"

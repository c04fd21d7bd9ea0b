"""Inline styles by which a page hides text from people: too small, see-through, moved or cut away, white on white."""

import re

_STYLE = re.compile(r"""(?<=[\s"'])style\s*=\s*(?:"([^"]{0,4000})"|'([^']{0,4000})')""", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d*\.?\d+")
_WHITE = re.compile(r"^(white|#fff|#ffffff|rgba?\(255,255,255(,1)?\)|transparent|#[\da-f]{6}00|rgba\([\d,]+,0?\.?0\))$")
_TINY = 2.0  # px or pt
_FAR = -900.0  # px
_AWAY = ("left", "top", "right", "text-indent", "margin-left")


def marked(page: str) -> str:
    """`page` with such styles replaced by "display:none", which every reader of pages understands.

    Type of the colour of paper counts only where nothing on the page has a background that it could be seen on.
    """
    is_paper = "background" not in page.lower()
    return _STYLE.sub(lambda style: _marked(style, is_paper=is_paper), page)


def _marked(style: re.Match[str], *, is_paper: bool) -> str:
    says = _declarations(style[1] if style[1] is not None else style[2])
    return 'style="display:none"' if _is_hidden(says, is_paper=is_paper) else style[0]


def _declarations(style: str) -> dict[str, str]:
    pairs = (each.partition(":") for each in style.lower().replace("!important", "").split(";"))
    return {name.strip(): "".join(value.split()) for name, _, value in pairs}


def _is_hidden(says: dict[str, str], *, is_paper: bool) -> bool:
    size = says.get("font-size", "")
    is_tiny = (size.endswith(("px", "pt")) and _number(size) < _TINY) or size in {"0", "0em", "0rem", "0%"}
    is_away = any(
        _number(says.get(side, "0")) <= _FAR for side in ("left", "top", "right", "text-indent", "margin-left")
    )
    is_cut = says.get("clip", "").startswith("rect(0") or says.get("clip-path", "") in {"inset(50%)", "inset(100%)"}
    is_closed = says.get("overflow") == "hidden" and "0" in {
        says.get(side, "").rstrip("px") for side in ("width", "height")
    }
    is_clear = "opacity" in says and _number(says["opacity"]) < 0.05
    return is_tiny or is_away or is_cut or is_closed or is_clear or _is_paper_coloured(says, is_paper=is_paper)


def _is_paper_coloured(says: dict[str, str], *, is_paper: bool) -> bool:
    behind = says.get("background-color") or says.get("background", "")
    return bool(_WHITE.match(says.get("color", ""))) and (bool(_WHITE.match(behind)) if behind else is_paper)


def _number(value: str) -> float:
    found = _NUMBER.match(value)
    return float(found[0]) if found else 1.0

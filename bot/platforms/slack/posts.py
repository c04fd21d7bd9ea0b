"""Posts and forms as Slack's Block Kit. Pure. Limits: docs.slack.dev, Block Kit reference."""

from typing import Any

from bot.posts import buttons
from bot.posts.neutralising import neutral, plain, slack_escaped
from bot.posts.post import Button, Credit, Excerpt, Field, Form, Post, Sheet
from foundation.text import shortened

Block = dict[str, Any]

FALLBACK = 3000  # characters of the text for notifications; an update refuses more than 4,000
CONTEXT_ELEMENTS = 10
TITLE = 24  # of a modal, as of its buttons
MOST_LINKED = 2800  # characters of a link, escaped; a block or an element of one holds three thousand
MOST_EXCERPTS = 33  # of three blocks each; a modal holds a hundred
ACTION = "parley:"
FEEDBACK = f"{ACTION}feedback"


def measure(post: Post) -> int:
    """Characters that count towards Slack's limit for all blocks of a message."""
    return len(post.text) + sum(len(_source(each)) for each in post.sources) + sum(map(len, post.notes))


def fallback(post: Post) -> str:
    """What a notification reads. Nothing in it may be live."""
    return slack_escaped(plain(post.text))[:FALLBACK] or "Sources"


def blocks(post: Post, permalink: str = "") -> list[Block]:
    text = [{"type": "markdown", "text": post.text}] if post.text else []
    called = [_section(_mention(post.mention))] if post.mention else []
    return [*called, *text, *below(post, permalink)]


def below(post: Post, permalink: str = "") -> list[Block]:
    """What stands under the text: sources, small print, buttons."""
    lines = [_source(each) for each in post.sources]
    found = [_context(lines[at : at + CONTEXT_ELEMENTS]) for at in range(0, len(lines), CONTEXT_ELEMENTS)]
    if post.notes:
        found.append(_context([slack_escaped(note) for note in post.notes]))
    about = [f"{post.about_label} <@{post.about}>"] if post.about else []
    if permalink:
        about.append(f"<{permalink}|Open the question>")
    if about:
        found.append(_context(about))
    judging = [button for button in post.buttons if button.action in (buttons.UP, buttons.DOWN)]
    others = [button for button in post.buttons if button not in judging]
    if judging:
        found.append(_feedback(judging))
    if others:
        found.append({"type": "actions", "elements": [_button(button) for button in others]})
    return found


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _mention(who: str) -> str:
    return f"<!subteam^{who}>" if who.startswith("S") else f"<@{who}>"


def _context(lines: list[str]) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": line} for line in lines]}


def _source(source: Credit) -> str:
    title = slack_escaped(neutral(plain(source.title), links=())).replace("|", "¦") or "Source"
    url = slack_escaped(source.url).replace("|", "%7C")
    is_shown = url.startswith(("https://", "http://")) and len(url) + len(title) < MOST_LINKED
    name = f"<{url}|{title}>" if is_shown else title
    return f"*{source.number}*  {name}" + (f"  ·  {source.age}" if source.age else "")


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": shortened(text, limit)}


def _feedback(judging: list[Button]) -> Block:
    signs = {buttons.UP: "positive_button", buttons.DOWN: "negative_button"}
    element: Block = {"type": "feedback_buttons", "action_id": FEEDBACK}
    for button in judging:
        value = f"{button.action}:{button.value}"
        element[signs[button.action]] = {"text": _plain(button.label, 75), "value": value}
    return {"type": "context_actions", "elements": [element]}


def _button(button: Button) -> Block:
    return {
        "type": "button",
        "text": _plain(button.label, 75),
        "action_id": f"{ACTION}{button.action}",
        "value": f"{button.action}:{button.value}",
    }


def view(form: Form, private_metadata: str) -> Block:
    """A modal."""
    return {
        "type": "modal",
        "callback_id": f"{ACTION}{form.name}",
        "private_metadata": private_metadata,
        "title": _plain(form.title, TITLE),
        "submit": _plain(form.submit, TITLE),
        "close": _plain(form.cancel, TITLE),
        "blocks": [_input(each) for each in form.fields],
    }


def said(title: str, text: str, offered: tuple[Button, ...], close: str) -> Block:
    """A modal that only says something, with what may be pressed next."""
    return {
        "type": "modal",
        "title": _plain(title, TITLE),
        "close": _plain(close, TITLE),
        "blocks": word(text, offered),
    }


def word(text: str, offered: tuple[Button, ...]) -> list[Block]:
    buttons_below = [{"type": "actions", "elements": [_button(each) for each in offered]}] if offered else []
    return [_section(slack_escaped(shortened(text, 2500))), *buttons_below]


def sheet(shown: Sheet) -> Block:
    """A modal to read in. Quotations are rich text, in which nothing is live."""
    return {
        "type": "modal",
        "title": _plain(shown.title, TITLE),
        "close": _plain(shown.close, TITLE),
        "blocks": [block for each in shown.excerpts[:MOST_EXCERPTS] for block in _excerpt(each)],
    }


def _excerpt(excerpt: Excerpt) -> list[Block]:
    small = [slack_escaped(words) for words in (excerpt.heading, excerpt.note) if words]
    quoted = {"type": "rich_text_quote", "elements": [{"type": "text", "text": excerpt.quote}]}
    return [
        _section(_source(Credit(excerpt.number, excerpt.title, excerpt.url))),
        {"type": "rich_text", "elements": [quoted]},
        *([_context(small)] if small else []),
    ]


def _input(wanted: Field) -> Block:
    if wanted.options:
        options = [{"text": _plain(label, 75), "value": value} for value, label in wanted.options]
        element: Block = {"type": "radio_buttons", "action_id": wanted.name, "options": options}
        chosen = [option for option in options if option["value"] == wanted.initial]
        element |= {"initial_option": chosen[0]} if chosen else {}
    else:
        element = {
            "type": "plain_text_input",
            "action_id": wanted.name,
            "multiline": wanted.is_long,
            "max_length": 3000,
        }
        if wanted.initial:
            element["initial_value"] = wanted.initial[:3000]
    return {
        "type": "input",
        "block_id": wanted.name,
        "label": _plain(wanted.label, 200),
        **({"hint": _plain(wanted.hint, 200)} if wanted.hint else {}),
        "element": element,
        "optional": not wanted.is_required,
    }


def filled(state: dict[str, Any]) -> dict[str, str]:
    """What was written into a modal, by the name of the field."""
    found = {}
    for block in (state.get("values") or {}).values():
        for name, element in block.items():
            chosen = element.get("selected_option") or {}
            found[name] = element.get("value") or chosen.get("value") or ""
    return found

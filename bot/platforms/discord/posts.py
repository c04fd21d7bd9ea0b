"""Posts and forms as Discord takes them. Pure. Limits: discord.com/developers/docs, Message and Components."""

from dataclasses import replace
from typing import Any

from bot.messenger import Mark
from bot.posts.aligning import aligned
from bot.posts.neutralising import neutral, plain
from bot.posts.post import Button, Credit, Excerpt, Field, Form, Post, Sheet
from bot.posts.splitting import split
from foundation.text import shortened

CONTENT = 2000
SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6
ACTION = "parley:"
ROW = 5
TITLE, HINT, BUTTON = 45, 100, 80  # characters of a form's title or label, of what explains it, of a button
LABEL = 18  # a component that names the input inside it
STYLES = {"claim": 1, "send": 1}  # the button that is most likely wanted
GREY = 2
LABELS = {"up": "👍", "down": "👎"}


def content(post: Post, permalink: str = "") -> str:
    """The whole message as text: who is called, the words, the sources, the small print."""
    small = [_source(each) for each in post.sources]
    if post.about:
        small.append(f"{post.about_label} <@{post.about}>")
    if permalink:
        small.append(f"[Open the question](<{permalink}>)")
    small += post.notes
    called = _mention(post.mention)
    body = "\n".join(part for part in (called, post.text) if part)
    return "\n".join([*([body] if body else []), *(f"-# {line}" for line in small)])


def _fitting(post: Post, permalink: str) -> str:
    """The message with as much of its words as fit between who is called and what stands below them."""
    whole = content(post, permalink)
    if len(whole) <= CONTENT:
        return whole
    room = CONTENT - len(content(replace(post, text=""), permalink)) - len("\n…") - 1
    return content(replace(post, text=f"{split(post.text, max(room, 60))[0]}\n…"), permalink)[:CONTENT]


def measure(post: Post) -> int:
    return len(content(post)) + (100 if post.has_permalink else 0)


def _mention(who: str) -> str:
    """A role is written with & before its id."""
    return f"<@{who}>" if who else ""


def allowed_mentions(post: Post) -> dict[str, Any]:
    """Only whom we call on purpose; on every post and every edit, as an edit forgets what the post allowed."""
    if not post.mention:
        return {"parse": [], "replied_user": False}
    kind = "roles" if post.mention.startswith("&") else "users"
    return {"parse": [], kind: [post.mention.removeprefix("&")], "replied_user": False}


def _source(source: Credit) -> str:
    title = neutral(plain(source.title), links=()).replace("[", "(").replace("]", ")") or "Source"
    name = f"[{title}](<{source.url}>)" if source.url.startswith(("https://", "http://")) else title
    return f"{source.number}. {name}" + (f" · {source.age}" if source.age else "")


def body(post: Post, permalink: str = "") -> dict[str, Any]:
    """What a message is made of, for sending and for editing."""
    return {
        "content": _fitting(replace(post, text=aligned(post.text)), permalink),
        "components": rows(post.buttons),
        "allowed_mentions": allowed_mentions(post),
        "flags": SUPPRESS_EMBEDS,
    }


def word(text: str, buttons: tuple[Button, ...] = ()) -> dict[str, Any]:
    """A message that only whoever acted sees."""
    return body(Post(text=text, buttons=buttons)) | {"flags": SUPPRESS_EMBEDS | EPHEMERAL}


def sheet(shown: Sheet) -> list[str]:
    """What a sheet says, in messages that each hold whole excerpts, or a part of one."""
    pieces = [f"**{shown.title}**", *(piece for each in shown.excerpts for piece in _excerpt(each))]
    messages = [""]
    for piece in pieces:
        if len(messages[-1]) + 2 + len(piece) > CONTENT:
            messages.append("")
        messages[-1] += "\n\n" * bool(messages[-1]) + piece
    return messages


def _excerpt(excerpt: Excerpt) -> list[str]:
    """An excerpt in pieces that fit into a message with their marks; one whose address is too long has none."""
    small = [f"-# {neutral(words, links=())}" for words in (excerpt.heading, excerpt.note) if words]
    heads = (
        "\n".join([f"**{_source(Credit(excerpt.number, excerpt.title, url))}**", *small]) for url in (excerpt.url, "")
    )
    head = next((each for each in heads if len(each) <= CONTENT // 2), "")[: CONTENT // 2] or f"**{excerpt.number}.**"
    quoted = split(neutral(excerpt.quote, links=()), CONTENT // 4)  # in which every line may be one sign, and gets two
    pieces = ["\n".join(f"> {line}" for line in part.splitlines()) for part in quoted]
    return [f"{head}\n{pieces[0]}" if pieces else head, *pieces[1:]]


def rows(buttons: tuple[Button, ...]) -> list[dict[str, Any]]:
    made = [_button(each) for each in buttons]
    return [{"type": 1, "components": made[at : at + ROW]} for at in range(0, len(made), ROW)]


def _button(button: Button) -> dict[str, Any]:
    return {
        "type": 2,
        "style": STYLES.get(button.action, GREY),
        "label": shortened(LABELS.get(button.action, button.label), BUTTON),
        "custom_id": f"{ACTION}{button.action}:{button.value}",
    }


def mark_of(message: dict[str, Any]) -> Mark | None:
    """What a message tells by its buttons, or else by what it replies to."""
    for row in message.get("components") or ():
        for component in row.get("components") or ():
            custom_id = str(component.get("custom_id", ""))
            if custom_id.startswith(ACTION):
                return Mark(question=custom_id.rsplit(":", 1)[-1])
    replied = (message.get("message_reference") or {}).get("message_id")
    return Mark(replies_to=str(replied)) if replied else None


def modal(form: Form) -> dict[str, Any]:
    return {
        "custom_id": f"{ACTION}{form.name}:{form.value}",
        "title": shortened(form.title, TITLE),
        "components": [_field(each) for each in form.fields[:5]],
    }


def _field(wanted: Field) -> dict[str, Any]:
    hint = {"description": shortened(wanted.hint, HINT)} if wanted.hint else {}
    component = _choice(wanted) if wanted.options else _input(wanted)
    return {"type": LABEL, "label": shortened(wanted.label, TITLE), **hint, "component": component}


def _input(wanted: Field) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": 4,
        "custom_id": wanted.name,
        "style": 2 if wanted.is_long else 1,
        "required": wanted.is_required,
        "max_length": 4000 if wanted.is_long else 500,
    }
    if wanted.initial:
        made["value"] = wanted.initial[: made["max_length"]]
    return made


def _choice(wanted: Field) -> dict[str, Any]:
    return {
        "type": 3,
        "custom_id": wanted.name,
        "required": wanted.is_required,
        "min_values": int(wanted.is_required),
        "options": [
            {"value": value, "label": shortened(label, HINT), "default": value == wanted.initial}
            for value, label in wanted.options
        ],
    }


def filled(components: list[dict[str, Any]]) -> dict[str, str]:
    """What was written into a modal, by the name of the field."""
    return {
        str(component["custom_id"]): str(component.get("value") or next(iter(component.get("values") or ()), ""))
        for row in components
        for component in row.get("components") or [row.get("component") or {}]
        if "custom_id" in component
    }

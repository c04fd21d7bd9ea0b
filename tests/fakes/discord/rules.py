"""What Discord refuses: bodies that break its limits, each with the error it would give."""

import re
from typing import Any

Json = dict[str, Any]

ERRORS = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160002: (403, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "Thread is locked"),
}
LOCALES = frozenset(
    ("de", "fr", "es-ES", "ja", "en-US", "en-GB", "es-419", "it", "pt-BR", "nl", "pl", "zh-CN", "ko")
)  # of its 32
V2 = 1 << 15
EPHEMERAL = 1 << 6
LOADING = 1 << 7
HAS_THREAD = 1 << 5


class DiscordError(Exception):
    def __init__(self, code: int, *, status: int = 0, message: str = "", errors: Json | None = None) -> None:
        known = ERRORS.get(code, (400, "Invalid Form Body"))
        self.status = status or known[0]
        self.body: Json = {"message": message or known[1], "code": code}
        if errors:
            self.body["errors"] = errors
        super().__init__(self.body)


def invalid(field: str, message: str, code: str = "BASE_TYPE_BAD_LENGTH") -> DiscordError:
    """50035; `field` is a path such as components.0.label."""
    errors: Json = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(field.split(".")):
        errors = {part: errors}
    return DiscordError(50035, errors=errors)


def check_text(value: Any, field: str, most: int, least: int = 0) -> str:
    if not isinstance(value, str):
        raise invalid(field, "This field must be a string.", "BASE_TYPE_REQUIRED")
    if not least <= len(value) <= most:
        raise invalid(field, f"Must be between {least} and {most} in length.")
    return value


def _check_list(value: Any, field: str, most: int, least: int = 0) -> list[Json]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise invalid(field, "Only lists of objects may be used here.", "LIST_TYPE_CONVERT")
    if not least <= len(value) <= most:
        raise invalid(field, f"Must be between {least} and {most} in length.")
    return value


def check_message(body: Json, flags: int, *, is_edit: bool = False, has_files: bool = False) -> None:
    """A body for sending or editing; `flags` are the message's own when it is edited."""
    embeds = _check_list(body.get("embeds") or [], "embeds", 10)
    components = body.get("components") or []
    content = body.get("content")
    if content is not None:
        check_text(content, "content", 2000)
    if flags & V2:
        if content or embeds:
            raise invalid("content", "Cannot be used with IS_COMPONENTS_V2.", "MESSAGE_CANNOT_USE_LEGACY_FIELDS")
        if components or not is_edit:
            check_layout(components)
    else:
        check_rows(components, "components")
    _check_embeds(embeds)
    check_text(str(body.get("nonce") or ""), "nonce", 25)
    has_something = str(content or "").strip() or embeds or components or has_files or body.get("poll")
    if not is_edit and not has_something and not body.get("sticker_ids"):
        raise DiscordError(50006)


def check_rows(rows: Any, field: str) -> None:
    seen: set[str] = set()
    for number, row in enumerate(_check_list(rows, field, 5)):
        place = f"{field}.{number}"
        if row.get("type") != 1:
            raise invalid(f"{place}.type", 'Value of field "type" must be one of (1,).', "UNION_TYPE_CHOICES")
        check_row(row, place, seen)


def check_row(row: Json, place: str, seen: set[str]) -> None:
    children = _check_list(row.get("components"), f"{place}.components", 5, 1)
    if any(child.get("type") != 2 for child in children) and len(children) > 1:
        raise invalid(f"{place}.components", "A select fills its row.", "COMPONENT_LAYOUT_WIDTH_EXCEEDED")
    for number, child in enumerate(children):
        check_widget(child, f"{place}.components.{number}", seen)


def check_widget(item: Json, place: str, seen: set[str]) -> None:
    """A button or a select."""
    kind = item.get("type")
    if kind not in (2, 3, 5, 6, 7, 8):
        raise invalid(f"{place}.type", "Not a button or a select.", "UNION_TYPE_CHOICES")
    if kind == 2 and item.get("style") == 5:
        if not re.match(r"(https?|discord)://", check_text(item.get("url"), f"{place}.url", 512, 1)):
            raise invalid(f"{place}.url", "Scheme must be one of http, https, discord.", "URL_TYPE_INVALID_SCHEME")
    else:
        _check_id(item, place, seen)
    if kind == 2:
        check_text(item.get("label") or "", f"{place}.label", 80)
        if item.get("style") not in (1, 2, 3, 4, 5):
            raise invalid(f"{place}.style", "Unknown style.", "BASE_TYPE_CHOICES")
        if not item.get("label") and not item.get("emoji"):
            raise invalid(place, "A button needs a label or an emoji.", "BUTTON_COMPONENT_INVALID")
    check_text(item.get("placeholder") or "", f"{place}.placeholder", 150)
    for number, option in enumerate(_check_list(item["options"], place, 25, 1) if kind == 3 else ()):
        check_text(option.get("label"), f"{place}.options.{number}.label", 100, 1)
        check_text(option.get("value"), f"{place}.options.{number}.value", 100, 1)
        check_text(option.get("description") or "", f"{place}.options.{number}.description", 100)


def _check_id(item: Json, place: str, seen: set[str]) -> None:
    name = check_text(item.get("custom_id"), f"{place}.custom_id", 100, 1)
    if name in seen:
        raise invalid(
            f"{place}.custom_id", "Component custom id cannot be duplicated", "COMPONENT_CUSTOM_ID_DUPLICATED"
        )
    seen.add(name)


def walk(components: Any) -> list[Json]:
    """Every component at every depth."""
    found: list[Json] = []
    for item in components or ():
        inner = [*item.get("components", ()), *(item[key] for key in ("accessory", "component") if item.get(key))]
        found += [item, *walk(inner)]
    return found


def check_layout(components: Any) -> None:
    """Components of the second version."""
    every = walk(_check_list(components, "components", 40, 1))
    if len(every) > 40:
        raise invalid("components", "Must be 40 or fewer in total.", "COMPONENTS_TOTAL_EXCEEDED")
    if sum(len(str(item.get("content") or "")) for item in every) > 4000:
        raise invalid("components", "Must be 4000 or fewer characters in total.", "COMPONENT_TEXT_TOO_LONG")
    seen: set[str] = set()
    for item in every:
        if item.get("type") == 10:
            check_text(item.get("content"), "components.content", 4000, 1)
        elif item.get("type") in (2, 3, 5, 6, 7, 8):
            check_widget(item, "components", seen)
        elif item.get("type") not in (1, 9, 11, 12, 13, 14, 17):
            raise invalid("components.type", "Unknown component.", "UNION_TYPE_CHOICES")


def _check_embeds(embeds: list[Json]) -> None:
    total = 0
    for number, embed in enumerate(embeds):
        place = f"embeds.{number}"
        texts = [(embed.get("title"), "title", 256), (embed.get("description"), "description", 4096)]
        texts += [((embed.get("footer") or {}).get("text"), "footer.text", 2048)]
        texts += [((embed.get("author") or {}).get("name"), "author.name", 256)]
        for field in _check_list(embed.get("fields") or [], f"{place}.fields", 25):
            check_text(field.get("name"), f"{place}.fields.name", 256, 1)
            check_text(field.get("value"), f"{place}.fields.value", 1024, 1)
            total += len(field["name"]) + len(field["value"])
        total += sum(len(check_text(text or "", f"{place}.{name}", most)) for text, name, most in texts)
    if total > 6000:
        raise invalid("embeds", "Embed size exceeds maximum size of 6000", "MAX_EMBED_SIZE_EXCEEDED")


def check_modal(modal: Json) -> None:
    check_text(modal.get("title"), "data.title", 45, 1)
    check_text(modal.get("custom_id"), "data.custom_id", 100, 1)
    seen: set[str] = set()
    for number, row in enumerate(_check_list(modal.get("components"), "data.components", 5, 1)):
        place = f"data.components.{number}"
        if row.get("type") == 18:
            check_text(row.get("label"), f"{place}.label", 45, 1)
            check_text(row.get("description") or "", f"{place}.description", 100)
            _check_input(row.get("component") or {}, f"{place}.component", seen, has_label=True)
        elif row.get("type") == 1:
            for item in _check_list(row.get("components"), f"{place}.components", 1, 1):
                _check_input(item, f"{place}.components.0", seen, has_label=False)
        elif row.get("type") != 10:
            raise invalid(f"{place}.type", "Must be a row, a label or a text.", "UNION_TYPE_CHOICES")


def _check_input(item: Json, place: str, seen: set[str], *, has_label: bool) -> None:
    if item.get("type") != 4:
        if not has_label:
            raise invalid(f"{place}.type", 'Value of field "type" must be one of (4,).', "UNION_TYPE_CHOICES")
        least = item.get("min_values", 1)
        if item.get("required") is False and least != 0:
            raise invalid(f"{place}.min_values", "A select that is not required takes 0 values.", "NUMBER_TYPE_MIN")
        return check_widget(item, place, seen)
    _check_id(item, place, seen)
    if item.get("style") not in (1, 2):
        raise invalid(f"{place}.style", "Must be 1 or 2.", "BASE_TYPE_CHOICES")
    if has_label and item.get("label"):
        raise invalid(f"{place}.label", "The label stands around it already.", "BASE_TYPE_BAD_VALUE")
    if not has_label:
        check_text(item.get("label"), f"{place}.label", 45, 1)
    most, least = item.get("max_length"), item.get("min_length") or 0
    if (most is not None and not 1 <= most <= 4000) or not 0 <= least <= (most or 4000):
        raise invalid(f"{place}.max_length", "Lengths must be between 0 and 4000.", "NUMBER_TYPE_MAX")
    check_text(item.get("placeholder") or "", f"{place}.placeholder", 100)
    check_text(item.get("value") or "", f"{place}.value", most or 4000)
    return None


def check_choices(choices: Any) -> None:
    """What is offered while somebody types."""
    for number, choice in enumerate(_check_list(choices, "data.choices", 25)):
        check_text(choice.get("name"), f"data.choices.{number}.name", 100, 1)
        check_text(choice.get("value"), f"data.choices.{number}.value", 100, 1)


def check_commands(commands: Any) -> None:
    seen: set[tuple[int, str]] = set()
    for number, command in enumerate(_check_list(commands, "commands", 130)):
        kind, name = command.get("type", 1), check_text(command.get("name"), f"{number}.name", 32, 1)
        if kind == 1:
            _check_command(command, str(number))
        elif kind not in (2, 3) or command.get("description") or command.get("options"):
            raise invalid(f"{number}.description", "Context menu commands have neither.", "BASE_TYPE_BAD_VALUE")
        if (kind, name) in seen:
            raise invalid(f"{number}.name", "Command names must be unique", "APPLICATION_COMMANDS_DUPLICATE_NAME")
        seen.add((kind, name))
    for kind, most in ((1, 100), (2, 15), (3, 15)):
        if sum(key[0] == kind for key in seen) > most:
            raise DiscordError(30032, message=f"Maximum number of application commands reached ({most}).")


def _check_command(command: Json, place: str) -> None:
    """A slash command, a group of them, or an option."""
    name = check_text(command.get("name"), f"{place}.name", 32, 1)
    if not re.fullmatch(r"[-_'\w]{1,32}", name) or name != name.lower():
        raise invalid(f"{place}.name", "Command name is invalid", "APPLICATION_COMMAND_INVALID_NAME")
    check_text(command.get("description"), f"{place}.description", 100, 1)
    for locale, text in (command.get("description_localizations") or {}).items():
        if locale not in LOCALES:
            raise invalid(f"{place}.description_localizations", "Unknown locale.", "BASE_TYPE_CHOICES")
        check_text(text, f"{place}.description_localizations.{locale}", 100, 1)
    had_optional = False
    for number, option in enumerate(_check_list(command.get("options") or [], f"{place}.options", 25)):
        _check_command(option, f"{place}.options.{number}")
        if option.get("type") not in range(1, 12):
            raise invalid(f"{place}.options.{number}.type", "Unknown type.", "BASE_TYPE_CHOICES")
        if option.get("required") and had_optional:
            raise invalid(f"{place}.options.{number}", "Required options must come first", "OPTION_ORDER")
        had_optional = had_optional or (option["type"] > 2 and not option.get("required"))
    for choice in _check_list(command.get("choices") or [], f"{place}.choices", 25):
        check_text(choice.get("name"), f"{place}.choices.name", 100, 1)

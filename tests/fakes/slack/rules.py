"""What Slack takes and what it refuses: texts, blocks, views, metadata."""

from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]

MARKDOWN, ALL_BLOCKS, UPDATE_TEXT, TEXT = 12_000, 13_200, 4_000, 40_000


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


BLOCK_TYPES = names(
    "section header context context_actions actions divider image input markdown rich_text table video file plan "
    "task_card"
)
ELEMENT_TYPES = names(
    "button static_select external_select users_select conversations_select channels_select multi_static_select "
    "multi_users_select multi_conversations_select multi_channels_select overflow datepicker timepicker "
    "datetimepicker radio_buttons checkboxes plain_text_input url_text_input email_text_input number_input "
    "feedback_buttons icon_button image mrkdwn plain_text workflow_button"
)
IN_CONTEXT = frozenset(("image", "mrkdwn", "plain_text"))
MOST_ELEMENTS = {"context": 10, "context_actions": 5, "actions": 25}


class SlackError(Exception):
    """A reply of ok: false."""

    def __init__(self, code: str, *messages: str, **extra: object) -> None:
        super().__init__(code)
        self.code, self.messages, self.extra = code, messages, extra

    def reply(self) -> Json:
        told = {"response_metadata": {"messages": [f"[ERROR] {m}" for m in self.messages]}} if self.messages else {}
        return {"ok": False, "error": self.code, **self.extra, **told}


def refuse_if(wrong: object, code: str, *messages: str) -> None:
    if wrong:
        raise SlackError(code, *messages)


class _Blocks:
    """One pass over the blocks of one message or view."""

    def __init__(self, blocks: object, limit: int, error: str) -> None:
        self.error, self.seen_blocks, self.seen_actions = error, set[str](), set[str]()
        self.characters = self.markdown = 0
        self._need(isinstance(blocks, list), "blocks must be an array")
        assert isinstance(blocks, list)
        self._need(len(blocks) <= limit, f"no more than {limit} items allowed [json-pointer:/blocks]")
        for block in blocks:
            self._block(block)
        refuse_if(self.markdown > MARKDOWN, "msg_too_long")
        refuse_if(error == "invalid_blocks" and self.characters > ALL_BLOCKS, "msg_blocks_too_long")

    def _need(self, good: object, message: str) -> None:
        refuse_if(not good, self.error, message)

    def _block(self, block: object) -> None:
        self._need(isinstance(block, dict), "a block must be an object")
        assert isinstance(block, dict)
        kind = block.get("type")
        self._need(kind in BLOCK_TYPES, f"unsupported type: {kind}")
        self._once(block.get("block_id"), self.seen_blocks, "block_id")
        check: dict[str, Callable[[Json], None]] = {
            "section": self._section, "header": self._header, "markdown": self._markdown, "input": self._input,
            "context": self._elements, "context_actions": self._elements, "actions": self._elements,
            "image": self._image, "table": self._table, "rich_text": self._rich_text,
        }  # fmt: skip
        if kind in check:
            check[str(kind)](block)

    def _once(self, name: object, seen: set[str], what: str) -> None:
        if name is None:
            return
        self._need(isinstance(name, str) and 0 < len(name) <= 255, f"{what} must be 1 to 255 characters")
        self._need(name not in seen, f"{what} {name} is not unique")
        seen.add(str(name))

    def _text(self, text: object, limit: int, *, kinds: tuple[str, ...] = ("plain_text",)) -> None:
        self._need(isinstance(text, dict) and text.get("type") in kinds, f"must be a text object of {kinds}")
        assert isinstance(text, dict)
        words = text.get("text")
        self._need(isinstance(words, str) and words, "must be more than 0 characters")
        self._need(len(str(words)) <= limit, f"must be less than {limit + 1} characters")
        self.characters += len(str(words))

    def _section(self, block: Json) -> None:
        fields, both = block.get("fields", []), ("plain_text", "mrkdwn")
        self._need(block.get("text") or fields, "a section needs text or fields")
        self._need(len(fields) <= 10, "no more than 10 fields")
        if "text" in block:
            self._text(block["text"], 3_000, kinds=both)
        for field in fields:
            self._text(field, 2_000, kinds=both)
        if "accessory" in block:
            self._element(block["accessory"])

    def _header(self, block: Json) -> None:
        self._text(block.get("text"), 150)

    def _markdown(self, block: Json) -> None:
        words = block.get("text")
        self._need(isinstance(words, str) and words, "a markdown block needs a text")
        self.markdown += len(str(words))
        self.characters += len(str(words))

    def _input(self, block: Json) -> None:
        self._text(block.get("label"), 2_000)
        if "hint" in block:
            self._text(block["hint"], 2_000)
        self._element(block.get("element"))

    def _image(self, block: Json) -> None:
        self._need(block.get("image_url") or block.get("slack_file"), "an image needs an image_url")
        alt = block.get("alt_text")
        self._need(isinstance(alt, str) and len(alt) <= 2_000, "an image needs an alt_text of up to 2000 characters")

    def _table(self, block: Json) -> None:
        rows = block.get("rows")
        self._need(isinstance(rows, list) and 0 < len(rows) <= 100, "a table has 1 to 100 rows")
        assert isinstance(rows, list)
        self._need(all(len(row) <= 20 for row in rows), "a row has up to 20 cells")

    def _rich_text(self, block: Json) -> None:
        parts = names("rich_text_section rich_text_list rich_text_quote rich_text_preformatted")
        elements = block.get("elements")
        self._need(isinstance(elements, list) and elements, "a rich_text needs elements")
        for part in elements or ():
            self._need(part.get("type") in parts, f"unsupported rich text: {part.get('type')}")
            for piece in part.get("elements") or ():
                words = piece.get("text")
                self._need(piece.get("type") != "text" or (isinstance(words, str) and words), "text must not be empty")

    def _elements(self, block: Json) -> None:
        kind, elements = block["type"], block.get("elements")
        self._need(isinstance(elements, list) and elements, f"{kind} needs elements")
        assert isinstance(elements, list)
        most = MOST_ELEMENTS[kind]
        self._need(len(elements) <= most, f"no more than {most} items allowed [json-pointer:/blocks/elements]")
        for element in elements:
            self._element(element, inside=kind)

    def _element(self, element: object, *, inside: str = "") -> None:
        self._need(isinstance(element, dict), "an element must be an object")
        assert isinstance(element, dict)
        kind = element.get("type")
        self._need(kind in ELEMENT_TYPES, f"unsupported element {kind}")
        self._need((kind in IN_CONTEXT) == (inside == "context") or (kind == "image" and not inside), f"{kind} here")
        feedback = kind in ("feedback_buttons", "icon_button")
        self._need(feedback == (inside == "context_actions"), f"{kind} is not allowed in {inside or 'this block'}")
        self._once(element.get("action_id"), self.seen_actions, "action_id")
        if kind in ("mrkdwn", "plain_text"):
            self._text(element, 3_000, kinds=("mrkdwn", "plain_text"))
        elif kind == "image":
            self._image(element)
        else:
            self._control(element)

    def _control(self, element: Json) -> None:
        kind = element["type"]
        if kind == "button":
            self._button(element)
            self._need(element.get("style") in (None, "primary", "danger"), "style must be primary or danger")
        elif kind == "feedback_buttons":
            self._button(element.get("positive_button"))
            self._button(element.get("negative_button"))
        elif kind == "plain_text_input":
            self._need(len(element.get("initial_value") or "") <= 3_000, "initial_value must be up to 3000 characters")
            self._need(0 < element.get("max_length", 3_000) <= 3_000, "max_length must be 1 to 3000")
        if "placeholder" in element:
            self._text(element["placeholder"], 150)
        self._options(element)

    def _options(self, element: Json) -> None:
        groups: list[Any] = [group.get("options") for group in element.get("option_groups", [])]
        for options in [*groups, *([element["options"]] if "options" in element else [])]:
            self._need(isinstance(options, list) and 0 < len(options) <= 100, "needs 1 to 100 options")
            for option in options:
                self._text(option.get("text"), 75, kinds=("plain_text", "mrkdwn"))
                self._need(0 < len(str(option.get("value", ""))) <= 150, "an option needs a value of up to 150")

    def _button(self, button: object) -> None:
        self._need(isinstance(button, dict), "a button must be an object")
        assert isinstance(button, dict)
        self._text(button.get("text"), 75)
        for key, limit in (("value", 2_000), ("url", 3_000), ("accessibility_label", 75)):
            value = button.get(key, "")
            self._need(isinstance(value, str) and len(value) <= limit, f"{key} must be up to {limit} characters")


def check_blocks(blocks: object, *, limit: int = 50, error: str = "invalid_blocks") -> int:
    """Refuses what Slack refuses; answers how many characters of markdown there are."""
    return _Blocks(blocks, limit, error).markdown


def check_view(view: object, kind: str) -> None:
    wrong = "invalid_arguments"
    refuse_if(not isinstance(view, dict) or view.get("type") != kind, wrong, f"view must be of type {kind}")
    assert isinstance(view, dict)
    known = names(
        "type title submit close blocks private_metadata callback_id clear_on_close notify_on_close external_id "
        "submit_disabled"
    )
    unknown = set(view) - known
    refuse_if(unknown, wrong, f"unsupported properties {sorted(unknown)} [json-pointer:/view]")
    refuse_if(kind == "modal" and not view.get("title"), wrong, "missing required field: title")
    for key in ("title", "submit", "close"):
        text = view.get(key)
        fits = text is None or (text.get("type") == "plain_text" and 0 < len(text.get("text", "")) <= 24)
        refuse_if(not fits, wrong, f"{key} must be plain_text of 1 to 24 characters")
    refuse_if(len(view.get("private_metadata", "")) > 3_000, wrong, "private_metadata must be up to 3000 characters")
    refuse_if(len(view.get("callback_id", "")) > 255, wrong, "callback_id must be up to 255 characters")
    check_blocks(view.get("blocks"), limit=100, error=wrong)
    has_input = any(block["type"] == "input" for block in view["blocks"])
    refuse_if(kind == "modal" and has_input and not view.get("submit"), wrong, "a modal with inputs needs a submit")


def check_metadata(metadata: object) -> None:
    good = isinstance(metadata, dict) and isinstance(metadata.get("event_type"), str)
    good = good and isinstance(metadata, dict) and isinstance(metadata.get("event_payload"), dict)
    refuse_if(not good and metadata != {}, "invalid_metadata_format")


def check_content(params: Json, *, blank_is_fine: bool = False) -> None:
    """The texts, blocks and metadata of a message about to be stored."""
    marked = params.get("markdown_text")
    refuse_if(marked and (params.get("text") or params.get("blocks")), "markdown_text_conflict")
    refuse_if(len(marked or "") > MARKDOWN, "msg_too_long")
    if params.get("blocks") is not None:
        check_blocks(params["blocks"])
    if "metadata" in params:
        check_metadata(params["metadata"])
    something = marked or params.get("text") or params.get("blocks") or params.get("attachments")
    refuse_if(not something and not blank_is_fine, "no_text")


def elements(blocks: list[Json]) -> Iterator[tuple[str, Json]]:
    """Every control with its block's id."""
    for number, block in enumerate(blocks):
        for element in (*block.get("elements", ()), block.get("accessory"), block.get("element")):
            if isinstance(element, dict) and "action_id" in element:
                yield block.get("block_id", f"auto{number}"), element


def _words(thing: object) -> Iterator[str]:
    if isinstance(thing, list):
        for item in thing:
            yield from _words(item)
    elif isinstance(thing, dict):
        text = thing.get("text")
        if isinstance(text, str):
            yield text
        for value in thing.values():
            if not isinstance(value, str):
                yield from _words(value)


def visible_text(message: Json) -> str:
    """What a reader sees: the blocks, or the text when there are none; of a stream both, one below the other."""
    blocks = "\n".join(_words(message.get("blocks") or []))
    if message.get("streamed"):
        return "\n".join(part for part in (message["text"], blocks) if part)
    return blocks or str(message.get("text", ""))

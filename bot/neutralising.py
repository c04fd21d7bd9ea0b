from collections.abc import Collection


def neutral(text: str, *, links: Collection[str]) -> str:
    return text


def settled(text: str) -> int:
    return len(text)


def plain(text: str) -> str:
    return text


def slack_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

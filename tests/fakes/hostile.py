"""Text that is not to do any harm where it is posted, and what is wrong with it there."""

import re

from markdown_it import MarkdownIt

OK = "https://help.example.com/refunds"
# How the platforms see a text: written here anew, so that a mistake in the module is not repeated.
SLACK_LIVE = re.compile(r"<(?:!(?:channel|here|everyone|subteam|date)|[@#]\w)", re.IGNORECASE)
DISCORD_LIVE = re.compile(
    r"@(?:everyone|here)\b|<@[!&]?\d|<#\d|</[^:>]+:\d+>|<a?:\w+:\d+>|<t:-?\d+|<id:\w+", re.IGNORECASE
)
# Discord: a block of three ticks may begin and end anywhere; then spans, by its own pairing.
BLOCK = re.compile(r"```.*?```", re.DOTALL)
SPAN = re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")
ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|\bwww\.|\b(?:javascript|mailto|tel|data|slack|discord):)[^\s<>]+", re.IGNORECASE
)
MASKED = re.compile(r"\[[^\]]*\]\(([^)]*)\)")
DEFINED = re.compile(r"^ {0,3}\[[^\]]+\]:", re.MULTILINE)
DOMAIN = re.compile(r"\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|io)\b", re.IGNORECASE)
READER = MarkdownIt("gfm-like")
HOSTILE = [
    "<!channel> look", "<!here|here>", "<!everyone>", "<!subteam^S123|@team>", "<@U123ABC>", "<@W123>",
    "<#C123|general>",
    "<!date^1392734382^{date}|x>", "@everyone", "@here now", "@channel", "@Everyone", "<@123456>",
    "<@!123456>", "<@&123456>",
    "<#123456>", "</ask:123456>", "<:smile:123456>", "<a:smile:123456>", "<t:1618953630>", "<id:home>",
    "&lt;!channel&gt;",
    "<\u200b!channel>", "@\u200beveryone", "\u202e<!here>", "<\u2060@123456>", "@\U000e0041everyone", "`<!channel>`",
    "```\n@everyone <@&1>\n```", "**<!channel>**", "[x](<!channel>)", "<<!channel>>",
    "https://evil.com/?q=secret", "http://evil.com", "HTTPS://EVIL.COM/x", "www.evil.com/x", "evil.com/secret",
    "//evil.com/x",
    "[click](https://evil.com/x)", "[click](<https://evil.com/x>)", "[click]( https://evil.com/x )",
    '[click](https://evil.com/x "title")', "[https://help.example.com/refunds](https://evil.com)",
    "<https://evil.com|click>",
    "<https://evil.com>", "![pixel](https://evil.com/p.png)", "[![p](https://evil.com/p.png)](https://evil.com)",
    "[a]: https://evil.com\n\n[a]", "[a][b]\n\n[b]: <https://evil.com>", "[a](javascript:alert(1))",
    "javascript:alert(1)",
    "[a](slack://user?id=1)", "discord://x/y", "mailto:a@evil.com", "a@evil.com", "tel:+123", "data:text/html,x",
    "[a](//evil.com)", "[a](evil.com)", "[a\n](https://evil.com)", '<a href="https://evil.com">x</a>',
    "[a](https://evil.com",
    "ftp://evil.com/x", "[[1]](https://evil.com)", "https://help.example.com.evil.com/refunds",
    f"{OK}/../../evil?x=1",
    f"{OK}@evil.com/", "\\`https://evil.com\\`", "x ```a\n```\nhttps://evil.com",
    "```\ncode ``` https://evil.com\n```",
    "it`s\nuse `https://evil.com` now", "``a` https://evil.com `b`", "~~~\nhttps://evil.com\n~~~",
    "> ```\n> https://evil.com",
    "`a\nhttps://evil.com\n`", "https\u200b://evil.com", "h\u00adttps://evil.com", "[a](ht\u200btps://evil.com)",
    "\u2028```\u2028https://evil.com", "\x0c```\nhttps://evil.com\n```", "a\r```\rhttps://evil.com",
    "- a\n  ```\nhttps://evil.com\n  ```", "1. a\n\n   ```\nhttps://evil.com\n   ```", "visit evil.dev", "evil.xyz",
    "| a | b |\n|---|---|\n|evil.com|x|", "| a | b |\n|---|---|\n| `https://evil.com|x` |",
    "|`https://evil.com|x`|\n|---|---|", "https://evil.com|data:text/html,x", "evil.com`x`", "`a`evil.com`b`",
    "https:\\\\evil.com", "````\n```\nhttps://evil.com\n````", "~~~``", "discord://x/y](", "&#60;!channel&#62;",
    "&#64;everyone", "\uff1c!channel>", "\uff20everyone", "@\ufe0feveryone", "<\u180e!here>", "@\x00here",
    f"{OK}`https://evil.com|x`-",
]  # fmt: skip


def faults(text: str) -> list[str]:
    """What is live in a text on either platform."""
    outside = SPAN.sub(" ", BLOCK.sub(" ", text))
    slack_outside = re.sub(r"`[^`\n]+`", " ", re.sub(r"(?ms)^ {0,3}```.*?(?:^ {0,3}```|\Z)", " ", text))
    found = SLACK_LIVE.findall(text) + DISCORD_LIVE.findall(text)
    for seen in (outside, slack_outside):
        found += DEFINED.findall(seen)
        found += [each for each in ADDRESS.findall(seen) if each.rstrip(").,'*_") != OK]
        found += [each for each in MASKED.findall(seen) if each.strip() != OK]
        found += [each for each in DOMAIN.findall(seen) if "help.example.com" not in each]
    return found

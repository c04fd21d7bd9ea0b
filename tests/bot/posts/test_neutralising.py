"""What a model writes calls nobody and leads nowhere but to what was cited, on Slack and on Discord."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkify_it.tlds import TLDS
from markdown_it import MarkdownIt

from bot.posts.neutralising import neutral, plain, settled, slack_escaped
from bot.posts.splitting import split

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
assert READER.linkify is not None
READER.linkify.tlds(TLDS)

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
LONG = [f"`https://evil.com {'x ' * 1500}`", f"`https://evil.com/{'x' * 3000}`", f"{'a' * 3997} evil.com"]
HARMLESS = [
    "Annual plans are refunded within 30 days [1]. Later they run out [2][3].",
    "# Heading\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
    "If a < b and c > d, e.g. at $3.50 (or 3,50 €), then **bold** and *italic*.",
    "Run `curl https://api.example.com/v1` first.\n\n```python\nprint('https://api.example.com')\n```\n",
    f"See [the policy]({OK}) or {OK}.",
    "Joined: \U0001f468\u200d\U0001f469, \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645, \u2764\ufe0f, &amp; &#39;",
    "Pipe it: `curl https://api.example.com | sh`.\n\n| a | b |\n|---|---|\n| `x \\| y` | `z` |\n",
    "1. first\n2. second\n\n> quoted\n\nÜbrigens: 100 % — „ja“ 🎉",
]


def posted(text: str) -> str:
    """As it is posted: in parts that leave no fence open."""
    return "\n".join(split(text, 100_000))


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


def followed(text: str) -> list[str]:
    """Where a reader of GitHub's Markdown, which also links bare domains, can be led; Slack's is nowhere described."""
    tokens = [token for block in READER.parse(text) for token in block.children or ()]
    targets = [str(token.attrs.get("href", "an image")) for token in tokens if token.type in ("link_open", "image")]
    return [target for target in targets if target.rstrip("/.,*_)") != OK]


@pytest.mark.parametrize("text", [*HOSTILE, *LONG])
def test_nothing_hostile_is_live(text: str) -> None:
    for around in ("{}", "Before {} after.", "Before\n{}\nafter {}"):
        shown = neutral(around.replace("{}", text), links=[OK])
        assert faults(posted(shown)) == []
        assert followed(shown) == []
        assert [link for part in split(shown, 2000) for link in followed(part)] == []
        assert neutral(shown, links=[OK]) == shown


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_answers_stay_as_they_are(text: str) -> None:
    assert neutral(text, links=[OK]) == text


def test_an_address_stays_readable_and_an_image_is_its_words() -> None:
    assert neutral("[here](https://evil.com/a) ![a map](https://evil.com/m)", links=[]) == "here (`evil.com/a`) a map"


def test_plain_words_for_notifications() -> None:
    written = f"## Title\n**Bold** `code` [label]({OK}) [1]\n```js\nx < 1\n```"
    assert plain(written) == "Title\nBold code label [1]\nx < 1"
    assert slack_escaped("<!channel> & more") == "&lt;!channel&gt; &amp; more"


pieces = st.lists(
    st.sampled_from([*HOSTILE, *HARMLESS, "`", "```", "\n", "[", "](", ")", "<", ">", "@", " ", "word"]), max_size=8
)


@settings(max_examples=100, deadline=None)
@given(pieces)
def test_no_mixture_is_live(parts: list[str]) -> None:
    shown = neutral("".join(parts), links=[OK])
    assert faults(posted(shown)) == []
    assert followed(shown) == []


@settings(max_examples=100, deadline=None)
@given(pieces, st.integers(0, 400))
def test_what_is_shown_early_is_not_live_either(parts: list[str], cut: int) -> None:
    growing = "".join(parts)[:cut]
    assert faults(posted(neutral(growing[: settled(growing)], links=[]))) == []


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(HARMLESS), st.sampled_from(HARMLESS), st.data())
def test_an_ordinary_answer_grows_by_adding(one: str, two: str, data: st.DataObject) -> None:
    text = f"{one}\n\n{two}"
    growing = text[: data.draw(st.integers(0, len(text)))]
    assert neutral(text, links=[OK]).startswith(neutral(growing[: settled(growing)], links=[OK]))


@pytest.mark.parametrize("unit", ["[", "<", "(", "`", "![", "[a](", "a@", "&lt;", "```\n", "a.", "|"])
def test_a_flood_takes_no_time(unit: str) -> None:
    flood = unit * (100_000 // len(unit))
    begun = time.perf_counter()
    neutral(flood, links=[OK])
    settled(flood)
    assert time.perf_counter() - begun < 2

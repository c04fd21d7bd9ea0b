"""What a model writes calls nobody and leads nowhere but to what was cited, on Slack and on Discord."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkify_it.tlds import TLDS

from bot.posts.neutralising import neutral, plain, settled, slack_escaped
from bot.posts.splitting import split
from tests.fakes.hostile import HOSTILE, OK, READER, faults

assert READER.linkify is not None
READER.linkify.tlds(TLDS)

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
    begun = time.process_time()
    neutral(flood, links=[OK])
    settled(flood)
    assert time.process_time() - begun < 2


ENDINGS = st.from_regex(r"[^\W\d_][\w-]{1,20}", fullmatch=True)
AROUND = st.sampled_from(
    ["{}", "see {} now", "({})", "**{}**", "_{}_", "| {} | x |\n|---|---|\n| y | {} |", '"{}".', "> {}"]
)


@settings(max_examples=300, deadline=None)
@given(
    ENDINGS,
    AROUND,
    st.sampled_from(["www.evil.{}", "WWW.evil.{}/x?q=1", "www2.{}", "evil.{}/secret", "a.evil.{}:8080/x"]),
)
def test_an_address_is_none_whatever_it_ends_with(ending: str, around: str, address: str) -> None:
    written = address.format(ending)
    shown = neutral(around.replace("{}", written), links=())
    outside = re.sub(r"`[^`\n]+`", " ", shown)
    assert "evil" not in outside.lower()
    assert "www" not in outside.lower()


@pytest.mark.parametrize("text", ["$3.50/user", "and/or", "e.g./i.e. this", "12.5/20", "a www. b", "v1.2/3"])
def test_what_only_looks_like_one_stays(text: str) -> None:
    assert neutral(text, links=()) == text

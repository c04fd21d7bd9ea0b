"""Nothing that a restyler writes is believed: every word of the plain answer is in its place, or it is not shown."""

import pytest

from bot.models import Voice
from bot.voices import restyling

PLAIN = "Annual plans can be refunded within 30 days of purchase [1]. Email the Owners at help@acme.com first [2]."
VOICE = Voice(
    name="default", version=1, opening="Ahoy there,", closing="Fair winds, the crew", has_emoji=True,
    style_guide='Talk like a sailor: say "Aye aye" or "No worries" now and then, and never "no".',
)  # fmt: skip


@pytest.mark.parametrize(
    "styled",
    [
        PLAIN,
        PLAIN.replace("purchase [1].", "purchase. [1]"),
        f"Ahoy there,\n\n{PLAIN}\n\nFair winds, the crew",
        f"Ahoy there! {PLAIN} Fair winds - the crew!",
        PLAIN.replace("Annual plans", "Ahoy there, annual plans"),
        f"Hi! {PLAIN} Hope this helps!",
        f"Aye aye! {PLAIN}",
        f"No worries! {PLAIN}",
        f"Great question: {PLAIN}",
        PLAIN.replace("30 days", "**30 days**"),
        PLAIN.replace("Annual", "Thanks for asking! Annual").replace("first [2].", "first [2]! ⛵"),
        "\n\n".join(PLAIN.split(". ")),
    ],
)
def test_what_only_sounds_otherwise_is_faithful(styled: str) -> None:
    assert restyling.unfaithful(PLAIN, styled, VOICE) == []


@pytest.mark.parametrize(
    ("plain", "styled"),
    [
        ("You do not pay [1].", "You don't pay [1]."),
        ("You cannot pay by card [1].", "You can't pay by card [1]."),
        ("You can not pay by card [1].", "You cannot pay by card [1]."),
        ("It is free [1].", "It's free [1]."),
        ("We will not charge you [1].", "We won't charge you [1]."),
        ("They are free [1].", "They’re free [1]."),  # noqa: RUF001  typographers
        ("Die Rückgabe kostet nichts [1].", "Guten Tag! Die Rückgabe kostet nichts [1]. Vielen Dank!"),
        ("年間プランは30日以内に返金できます [1]。", "年間プランは30日以内に返金できます [1]。"),
        ("يمكن استرداد المبلغ خلال ٣٠ يوما [1].", "يمكن استرداد المبلغ خلال ٣٠ يوما [1]!"),
        ("Un café [1].", "Un cafe\u0301 [1]."),
        ("See [the form](https://acme.com/form_(new)) [1].", "Hi, see [the form](https://acme.com/form_(new)) [1]!"),
        ("Run `parley ask` [1].", "Hello! Run `parley ask` [1]."),
    ],
)
def test_contractions_scripts_and_links_are_known(plain: str, styled: str) -> None:
    assert restyling.unfaithful(plain, styled, VOICE) == []


@pytest.mark.parametrize(
    ("lost", "gained"),
    [
        ("the Owners at", "the Owners and Admins at"),  # a name that stands elsewhere in the documents
        ("the Owners at", "the Owner at"),
        ("the Owners at", "the owners at"),
        ("can be", "cannot be"),
        ("can be", "can't be"),
        ("can be", "can never be"),
        ("can be", "may be"),
        ("can be", "must be"),
        ("can be", "could be"),
        ("can be", "are"),
        ("30 days", "thirty days"),
        ("30 days", "3 days"),
        ("30 days", "30 weeks"),
        ("30 days", "30 working days"),
        ("30 days", "30.0 days"),
        ("30 days", "-30 days"),
        ("30 days", "30% days"),
        ("30 days", "30+ days"),
        ("within 30", "after 30"),
        ("within 30", "about 30"),
        ("refunded", "refund"),
        ("refunded", "exchanged"),
        ("Annual", "All annual"),
        ("Annual", "Only annual"),
        ("Annual", "Most annual"),
        ("Annual", "Monthly"),
        ("purchase", "the purchase"),
        ("help@acme.com", "sales@acme.com"),
        ("help@acme.com", "help@acme.co"),
        (" first", ""),
        ("purchase [1]", "purchase [2]"),
        ("purchase [1]", "purchase"),
        ("purchase [1]", "purchase [1][2]"),
        ("first [2]", "first [2] [1]"),
        ("[1].", "[1]?"),
        ("[1].", "[1]. Sure!"),
        ("[1].", "[1]. Yes."),
        ("[1].", "[1]. No."),
        ("[1].", "[1]. Support is free."),
        ("[1].", "[1]. Call 555."),
        ("[1].", "[1]. See https://acme.com."),
        ("[1].", "[1] ✅."),
        ("[1].", "[1] ❌."),
        ("[1].", "[1] 👎."),
        ("Annual", "Yes, annual"),
        ("Annual", "No, annual"),
        ("Annual", "Of course annual"),
        ("Annual", "Unfortunately, annual"),
        ("Annual", "Good news: free annual"),
        ("Annual", "Today, annual"),
        ("Annual", "This morning, annual"),
        ("Annual", "At best, annual"),
        ("Annual", "For you: annual"),
        ("[1].", "[1]. Not great."),
        ("30 days", "30 da\u200bys"),
        ("30 days", "\u202e30 days"),
        ("30 days", "`30` days"),
        ("Owners", "Οwners"),  # noqa: RUF001  a Greek letter
    ],
)  # fmt: skip
def test_what_says_something_else_is_not(lost: str, gained: str) -> None:
    assert lost in PLAIN
    assert restyling.unfaithful(PLAIN, PLAIN.replace(lost, gained, 1), VOICE)


@pytest.mark.parametrize(
    ("plain", "styled"),
    [
        ("Pro costs 10 and Team 20 [1].", "Pro costs 20 and Team 10 [1]."),
        ("Files of 10 MB [1].", "Files of 10 GB [1]."),
        ("Files of 10 MB [1].", "Files of 10 Mb [1]."),
        ("It costs $10 [1].", "It costs €10 [1]."),
        ("It costs $10 [1].", "It costs 10 [1]."),
        ("It costs 1,000 [1].", "It costs 1.000 [1]."),
        ("Due 2026-01-02 [1].", "Due 2026-02-01 [1]."),
        ("Due 3/4 [1].", "Due 4/3 [1]."),
        ("At 10:30 [1].", "At 10:03 [1]."),
        ("You must pay before Monday [1].", "You must pay after Monday [1]."),
        ("You must pay [1].", "You may pay [1]."),
        ("Owners or Admins [1].", "Owners and Admins [1]."),
        ("The Owner removes the Admin [1].", "The Admin removes the Owner [1]."),
        ("Cats eat birds [1]. Dogs eat cats [2].", "Dogs eat cats [1]. Cats eat birds [2]."),
        ("non-refundable [1]", "refundable [1]"),
        ("It isn't free [1].", "It is free [1]."),
        ("It is not free [1].", "It is free [1]."),
        ("Contact us [1].", "Contact US [1]."),
        ("We keep logs for < 5 days [1].", "We keep logs for 5 days [1]."),
        ("It takes 2 * 3 days [1].", "It takes 2 3 days [1]."),
        ("返金できます [1]。", "返金できません [1]。"),
        ("年間プランは30日以内 [1]。", "年間プランは3日以内 [1]。"),
        ("يمكن استرداد المبلغ [1].", "لا يمكن استرداد المبلغ [1]."),
        ("ค่าธรรมเนียม [1]", "ค่าธรรมเนียม ไม่ [1]"),
        ("See [the form](https://acme.com/a) [1].", "See [the form](https://acme.com/b) [1]."),
        ("See https://acme.com/a [1].", "See https://acme.com/a/b [1]."),
        ("Run `a --b` [1].", "Run `a -b` [1]."),
        ("Run `a  b` [1].", "Run `a b` [1]."),
        ("x² [1]", "x2 [1]"),
        ("½ cup [1]", "1/2 cup [1]"),
        ("Was it $5? [1]", "It was $5 [1]."),
    ],
)
def test_hard_cases_are_told_apart(plain: str, styled: str) -> None:
    assert restyling.unfaithful(plain, styled, VOICE)
    assert restyling.unfaithful(styled, plain, VOICE)


BLOCKS = """Plans: [1]

| Plan | Price |
|---|---|
| Pro | $10 |

Then: [2]

1. Open billing.
   - Press Cancel.
2. Wait.

```python
refund(30)  # [1]

done()
```"""


@pytest.mark.parametrize(
    ("lost", "gained"),
    [
        ("| Pro | $10 |", "| Pro | $20 |"),
        ("| Pro | $10 |", "| Pro | $10 |\n| Team | $20 |"),
        ("|---|---|\n", ""),
        ("| Pro | $10 |\n", ""),
        ("2. Wait.", "2. Wait 5 minutes."),
        ("2. Wait.", "Wait."),
        ("   - Press", "- Press"),
        ("refund(30)", "refund(31)"),
        ("\n\ndone()", "\ndone()"),
        ("# [1]", "# [2]"),
        ("```python", "```"),
        ("1. Open billing.\n", ""),
    ],
)
def test_tables_lists_and_code_are_kept_whole(lost: str, gained: str) -> None:
    assert restyling.unfaithful(BLOCKS, f"Ahoy there!\n\n{BLOCKS}\n\nFair winds, the crew", VOICE) == []
    assert lost in BLOCKS
    assert restyling.unfaithful(BLOCKS, BLOCKS.replace(lost, gained), VOICE)


def test_emoji_are_for_voices_that_have_them() -> None:
    plain = Voice(name="default", version=1)
    assert restyling.unfaithful("It is free [1].", "It is free [1] 🎉.", VOICE) == []
    assert restyling.unfaithful("It is free [1].", "It is free [1] 🎉.", plain) == ["gained: 🎉"]
    assert restyling.unfaithful("It is free [1].", "It is free 🎉 [1].") == ["gained: 🎉"]


def test_the_words_of_one_voice_are_not_those_of_another() -> None:
    other = Voice(name="support", version=1, opening="Hello,")
    assert restyling.unfaithful("It is free [1].", "Aye aye! It is free [1].", VOICE) == []
    assert restyling.unfaithful("It is free [1].", "Aye aye! It is free [1].", other) == ["gained: aye aye"]


def test_a_fault_is_told_in_a_few_words() -> None:
    styled = PLAIN.replace("can be", "cannot be").replace("30", "31").replace("first ", "")
    assert restyling.unfaithful(PLAIN, styled) == ["gained: not", "changed: 30 → 31", "lost: first"]


def test_each_part_is_shown_as_far_as_it_keeps_to_the_facts() -> None:
    styled = (
        "Ahoy there! Annual plans can be refunded within 30 days of purchase, aye [1]. No worries! Email the Owners"
    )
    believed = restyling.believed(PLAIN, f"{styled} at help@acme.com first [2]. Fair winds, the crew", VOICE)
    assert believed.text == PLAIN.partition(" Email")[0] + " No worries! Email the Owners at help@acme.com first [2]."
    assert (believed.parts, believed.kept, believed.faults) == (2, 1, ("gained: aye",))


def test_all_is_plain_where_markers_moved_or_a_rule_is_broken() -> None:
    swapped = PLAIN.replace("[1]", "[3]").replace("[2]", "[1]").replace("[3]", "[2]")
    for styled in (swapped, "", "I cannot help.", PLAIN.replace("[1]", "")):
        believed = restyling.believed(PLAIN, styled, VOICE)
        assert (believed.text, believed.kept) == (PLAIN, 0)
        assert believed.faults
    voice = Voice(name="default", version=1, banned_phrases=["great question"], has_emoji=True)
    believed = restyling.believed(PLAIN, f"Great question! {PLAIN}", voice)
    assert (believed.text, believed.faults) == (PLAIN, ("breaks a rule of the voice: banned: great question",))


@pytest.mark.parametrize("text", [PLAIN, BLOCKS, "", "No marker.", "[1]", "a [1] b [2]\n", "x [1] `[2]` y [3]!"])
def test_parts_make_up_the_whole(text: str) -> None:
    assert "".join(restyling.parts(text)).strip() == text.strip()
    assert restyling.unfaithful(text, text) == []


def test_the_wording_is_named() -> None:
    first, second = restyling.messages(PLAIN)
    assert (first["role"], second) == ("system", {"role": "user", "content": PLAIN})
    assert len(restyling.template_hash()) == 64

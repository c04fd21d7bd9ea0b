"""How much of what names a person is taken out, and how much else: a table over 2,000 planted identifiers.

    python -m benchmarks.redaction [--missed]

Everything is made by rule with a seed: what is planted stands in sentences of support, in the formats that people use;
beside it as many numbers and words that only look like it. Recall is of what was planted, precision of what was taken
out. Two hundred sentences speak of addresses that the company's own documents state, which have to stay.
"""

import argparse
import os
import random
import re
import string
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import django

SEED, PLANTED, HARD, STATED = 20261130, 2000, 2000, 200
OWN = ("support@acme.example", "+49 30 1234567", "DE02120300000000202051", "sales@acme.example", "+1 800 555 0199")
SIGNS = {
    "#": string.digits, "%": "123456789", "L": string.ascii_letters, "A": string.ascii_letters + string.digits,
    "U": string.ascii_uppercase + string.digits, "H": "0123456789abcdef",
}  # fmt: skip


@dataclass(frozen=True)
class Plant:
    """A sentence with `planted` in it, which is of a kind; empty where nothing is to be taken out."""

    kind: str
    text: str
    planted: str
    names: tuple[str, ...] = ()


def some(rng: random.Random, signs: str, count: int) -> str:
    return "".join(rng.choice(signs) for _ in range(count))


def shaped(rng: random.Random, shape: str) -> str:
    """A number of a shape: # is any digit, % one that is not 0."""
    return "".join(some(rng, SIGNS[sign], 1) if sign in "#%" else sign for sign in shape)


def filled(rng: random.Random, template: str) -> str:
    """A text with its {shapes} drawn: {%###} is a number, {H40} are forty signs of those above."""
    return re.sub(r"\{([^{}]+)\}", lambda match: _drawn(rng, match[1]), template)


def _drawn(rng: random.Random, shape: str) -> str:
    if shape[0] in SIGNS and shape[1:].isdecimal():
        return some(rng, SIGNS[shape[0]], int(shape[1:]))
    return shaped(rng, shape)


# One line a country, several of them in more than one form.
PHONES = """
    +49 30 %###### | +49 (0)171 %###### | 030 %##### | 0171 %###### | 030/%###### | 0049 89 %###### | 0151-%#######
    (%##) 555-#### | +1 415 555 #### | 415-555-#### | 1-800-555-#### | 415.555.####
    +44 20 7946 0### | 020 7946 0### | 07700 900### | +44 7700 900###
    +33 6 %# ## ## ## | 06 %# ## ## ## | 01.%#.##.##.##
    +34 6%# ### ### | +34 91 %## ## ## | 91 %## ## ##
    +39 06 %### #### | +39 347 %## #### | 06 %### ####
    +31 6 %####### | 06-%#######
    +43 1 %###### | +43 660 %######
    +41 44 %## ## ## | 044 %## ## ##
    +81 3-%###-#### | 03-%###-#### | 090-%###-####
    +91 9%### ##### | 9%### #####
    +55 11 9%###-#### | (11) 9%###-####
    +61 4%# ### ### | 0412 ### ###
    +48 6%# ### ###
    +46 70 %## ## ## | 070-%## ## ##
    +86 138 #### #### | 138 #### ####
"""
# Whoever asked, and what they are called in a text.
NAMES = """
    Jürgen Müller: Juergen | Jürgen Müller | MÜLLER | Herr Müller
    Ann Example: Ann | Ann Example | ann.example
    José García: José | Jose Garcia | García
    Łukasz Wójcik: Łukasz | Lukasz Wojcik
    Иван Петров: Иван | Ивану | Петрова | Иван Петров
    Анна Смирнова: Анна | Анне | Смирновой
    山田 太郎: 山田さん | 山田太郎 | 山田 太郎
    김민수: 김민수 | 김민수님
    李 明: 李明
    Δημήτρης Παπαδόπουλος: Δημήτρης | Παπαδόπουλος
    محمد علي: محمد | علي
    דנה כהן: דנה | כהן
    Will May: Will May | @will
    Pat O'Brien: O'Brien | OBrien | Pat O\N{RIGHT SINGLE QUOTATION MARK}Brien
    Søren Østergård: Søren | Soren
    Nguyễn Thị Mai: Nguyễn | Nguyen
    Zoë D'Angelo: Zoë | Zoe | D'Angelo
"""
TITLES = re.compile(r"さん$|님$|^Herr |^password: ")  # that may stay
KEYS = """
    sk-proj-{A48} | sk-ant-api03-{A60} | sk_live_{A24} | xoxb-{#12}-{L24} | ghp_{A36} | glpat-{A20}
    AKIA{U16} | AIza{A35}
    SG.{A22}.{A43} | hf_{L34} | npm_{A36} | SK{H32} | shpat_{H32} | eyJ{L20}.{L30}.{L40} | {#9}:AA{A33} | whsec_{A32}
    password: {A12} | lin_api_{A40}
"""
PLATFORM_IDS = (
    "<@U0{U9}> | <@{%#################}> | <#C0{U8}|help> | {%#################} | U0{U9} | <@!{%#################}>"
)
AROUND = """
    Please write to {} about it. | You can reach me at {}. | It was {} all along
    Mine is {}, thanks! | {} is what I have.
    Is {} right? | Kontakt: {} | see {} ;) | ({}) | My details: {} | cc {} | - {} | Merci de répondre à {}. | {}
"""
USERS = "ann.example | j.o-hara | a+tag | müller | x_1 | MAX.M | o'neil"
HOSTS = "example.com | mail.example.co.uk | firma-gmbh.de | sub.example.org | exämple.de | x.io"


def listed(text: str) -> list[str]:
    return [each.strip() for line in text.strip().splitlines() for each in line.split(" | ")]


def email(rng: random.Random) -> str:
    user = rng.choice([some(rng, string.ascii_lowercase, 6), *listed(USERS)])
    at = "@" if rng.random() < 0.9 else rng.choice(("(at)", " [at] "))
    return f"{user}{at}{rng.choice(listed(HOSTS))}"


def iban(rng: random.Random) -> str:
    country, length = rng.choice(
        (("DE", 18), ("FR", 23), ("ES", 20), ("NL", 14), ("GB", 18), ("AT", 16), ("CH", 17), ("NO", 11))
    )
    bank = 4 if country in ("NL", "GB") else 0
    body = some(rng, string.ascii_uppercase, bank) + some(rng, string.digits, length - bank)
    check = 98 - int("".join(str(int(sign, 36)) for sign in f"{body}{country}00")) % 97
    plain = f"{country}{check:02}{body}"
    return rng.choice((plain, grouped(plain, " "), plain.lower()))


def card(rng: random.Random) -> str:
    prefix, length = rng.choice((("4", 16), ("51", 16), ("34", 15), ("6011", 16), ("36", 14)))
    body = prefix + some(rng, string.digits, length - len(prefix) - 1)
    doubled = [int(d) * 2 - 9 * (int(d) > 4) if i % 2 == 0 else int(d) for i, d in enumerate(reversed(body))]
    whole = body + str(-sum(doubled) % 10)
    return rng.choice((whole, grouped(whole, " "), grouped(whole, "-")))


def grouped(text: str, sign: str) -> str:
    return sign.join(text[start : start + 4] for start in range(0, len(text), 4))


def ip(rng: random.Random) -> str:
    if rng.random() < 0.6:
        return ".".join(str(rng.randint(1, 126)) for _ in range(4))  # a machine's own, 127…, names nobody
    groups = [some(rng, SIGNS["H"], 4) for _ in range(8)]
    return rng.choice((":".join(groups), f"2001:db8::{groups[0]}", f"fe80::{groups[1]}:{groups[2]}"))


def phone(rng: random.Random) -> str:
    countries = PHONES.strip().splitlines()
    return shaped(rng, rng.choice(listed(rng.choice(countries))))


def key(rng: random.Random) -> str:
    return filled(rng, rng.choice(listed(KEYS)))


def platform_id(rng: random.Random) -> str:
    return filled(rng, rng.choice(listed(PLATFORM_IDS)))


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "e-mail": email, "iban": iban, "card": card, "ip": ip, "key": key, "platform id": platform_id, "phone": phone,
}  # fmt: skip


def planted(rng: random.Random) -> Iterator[Plant]:
    kinds = [*MAKERS, "name"]
    for number in range(PLANTED):
        kind = kinds[number % len(kinds)]
        around = rng.choice(listed(AROUND))
        if kind == "name":
            whole, _, written = rng.choice(NAMES.strip().splitlines()).strip().partition(": ")
            said = rng.choice(written.split(" | "))
            yield Plant(kind, around.replace("{}", said), said, (whole,))
        else:
            value = MAKERS[kind](rng)
            yield Plant(kind, around.replace("{}", value), value)


LOOKALIKES = """
    Your order {%########} is on its way. | Invoice INV-2024-{######} is paid. | Order no. {%###-%###-%###} was shipped.
    Ticket #{%#######} is closed. | Update to version {%.%#.#}. | It runs on {1%.%.%.%###}.
    Customer number {%#########}
    Since 20{2#}-0{%}-1{#} 10:{3#}:00 it works. | From 0{%}.0{%}.2024 to 1{#}.11.2025. | That is {% ### ###} rows.
    It costs ${%,###.##} or {%.###},00 EUR. | We follow ISO {%####}:2022 and DIN EN {%####}-1. | DE-{%####} Berlin
    The commit is {H40}. | sha256 {H64} | {H8}-{H4}-4{H3}-a{H3}-{H12} | The years 2019-20{2%} were good.
    Open 9:00-17:{3#}, Monday to Friday. | It is {%###} x {%###} pixels. | Up to {%##} seats and {%#} guests [1][2].
    Port {%###} on localhost 127.0.0.1 is free. | You will be paid, and it may take days; ask our support.
    Use the @mention and the #channel, and a ratio of 3:2. | Limit: {%##,###,###} requests per day.
    ISBN 978-3-16-{#6}-0
    Bestellnummer {%###-%#######-%######} | Error 0x{H8} in module {%#}. | Timestamp 17{########} is in UTC.
    SKU {%##-%##-%###} is sold out. | Use {%.%} or later, see RFC {%###}, section {%.%.%}.
"""


def lookalikes(rng: random.Random) -> Iterator[Plant]:
    templates = listed(LOOKALIKES)
    for number in range(HARD):
        yield Plant("lookalike", filled(rng, templates[number % len(templates)]), "", ("Will May",))
    for number in range(STATED):
        yield Plant("our own", rng.choice(listed(AROUND)).replace("{}", OWN[number % len(OWN)]), "", ("Will May",))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--missed", action="store_true", help="list what was missed or taken out wrongly")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    measured = measure()
    sys.stdout.write(table(measured))
    if asked.missed:
        for name in ("missed", "wrongly"):
            for text in measured[name][:80]:
                sys.stdout.write(f"{name}: {text}\n")


def measure() -> dict[str, list[str]]:
    """Texts by what came of them: `planted`, `missed`, `taken` and `wrongly`; "kind: text" each, and the seconds."""
    from bot.claims import identifiers  # noqa: PLC0415  not before Django is set up
    from tuning.examples.redacting import redact  # noqa: PLC0415

    own = {
        (each.kind, each.value) for kind in identifiers.KINDS for text in OWN for each in identifiers.find(text, kind)
    }
    rng = random.Random(SEED)  # noqa: S311  no secret is made of it
    found: dict[str, list[str]] = {"planted": [], "missed": [], "taken": [], "wrongly": [], "seconds": []}
    started = time.perf_counter()
    for plant in [*planted(rng), *lookalikes(rng)]:
        redacted = redact(plant.text, plant.names, own=own)
        line = f"{plant.kind}: {plant.text} -> {redacted.text}"
        if plant.planted:
            found["planted"].append(line)
            bare = (
                plant.planted.removesuffix("さん").removesuffix("님").removeprefix("Herr ").removeprefix("password: ")
            )
            if bare in redacted.text:
                found["missed"].append(line)
            else:
                found["taken"].append(line)
        elif redacted.counts:
            found["wrongly"].append(line)
    found["seconds"].append(str(time.perf_counter() - started))
    return found


def table(found: dict[str, list[str]]) -> str:
    counts = {name: Counter(line.partition(":")[0] for line in lines) for name, lines in found.items()}
    lines = [f"{'kind':<14}{'planted':>9}{'missed':>8}{'recall':>9}\n"]
    for kind in sorted(counts["planted"]):
        whole, missed = counts["planted"][kind], counts["missed"][kind]
        lines.append(f"{kind:<14}{whole:>9}{missed:>8}{1 - missed / whole:>9.3f}\n")
    whole, missed = len(found["planted"]), len(found["missed"])
    taken, wrongly = len(found["taken"]), len(found["wrongly"])
    each = float(found["seconds"][0]) / (whole + HARD + STATED) * 1000
    lines.append(f"{'all':<14}{whole:>9}{missed:>8}{1 - missed / whole:>9.3f}\n\n")
    lines.append(
        f"taken out wrongly: {wrongly} of {HARD + STATED} texts that hold none; "
        f"precision {taken / (taken + wrongly):.4f}\n"
    )
    lines.append(f"{each:.2f} ms a text\n")
    return "".join(lines)


if __name__ == "__main__":
    main()

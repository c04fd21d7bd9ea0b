"""More than 200 files that no parser should see, always the same.

`python -m tests.knowledge.parsers.bad_files FOLDER` writes them.
"""

import json
import random
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.harness.processes import ROOT
from tests.knowledge.parsers.make_files import make_zip
from tests.knowledge.parsers.office_files import make_epub, make_ods, make_pptx, make_xlsx

TRUNCATED = (0.01, 0.1, 0.35, 0.6, 0.9, 0.99)
FLIPPED = 6  # files of each seed with bits turned over
PUBLIC = ROOT / "knowledge" / "sample" / "help_centre" / "public"
BOMB = 250_000_000  # bytes when unpacked


def seeds() -> dict[str, bytes]:
    """One good file of each type."""
    found = {path.suffix: path.read_bytes() for path in sorted(PUBLIC.iterdir()) if path.is_file()}
    found[".pptx"] = make_pptx(lambda p: p.slides.add_slide(p.slide_layouts[1]))
    found[".xlsx"] = make_xlsx(lambda b: [b.active.append([f"row {n}", n, n / 7]) for n in range(200)])
    cell = "<table:table-cell office:value-type='string'><text:p>x</text:p></table:table-cell>"
    found[".ods"] = make_ods(f"<table:table-row>{cell * 3}</table:table-row>" * 50)
    found[".epub"] = make_epub({f"c{n}.xhtml": f"<h1>Chapter {n}</h1><p>Some text.</p>" for n in range(5)})
    found[".csv"] = b"name,days,note\n" + b"".join(b"row %d,%d,text\n" % (n, n) for n in range(300))
    found[".rtf"] = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 " + rb"Refunds take \b thirty\b0  days.\par " * 200 + b"}"
    found[".txt"] = "Rückerstattungen dauern dreißig Tage. ".encode() * 200
    found[".zip"] = make_zip({"a.md": b"# A\n\nText.", "b/c.html": b"<p>Text</p>"})
    articles = [{"title": f"Article {n}", "body": "<p>Text</p>"} for n in range(20)]
    found[".json"] = json.dumps({"articles": articles}).encode()
    return found


def bad_files() -> Iterator[tuple[str, bytes]]:
    """Names and contents of them all."""
    yield from mutated()
    yield from _pages()
    yield from _texts(random.Random(21))  # noqa: S311  always the same
    yield from _documents()
    yield from _pdfs()


def mutated() -> Iterator[tuple[str, bytes]]:
    """Good files that were cut, flipped, overwritten, or called what they are not."""
    chance = random.Random(20)  # noqa: S311  always the same
    good = seeds()
    for ending, data in good.items():
        yield from ((f"cut-{share}{ending}", data[: int(len(data) * share)]) for share in TRUNCATED)
        yield from ((f"flipped-{number}{ending}", _flipped(data, chance)) for number in range(FLIPPED))
        yield f"hole{ending}", data[: len(data) // 3] + bytes(len(data) // 3) + data[2 * len(data) // 3 :]
        yield f"noise{ending}", chance.randbytes(5_000)
        yield f"nothing{ending}", b"\0" * 1_000
    endings = list(good)
    for place, ending in enumerate(endings):
        yield f"lie-{endings[place - 1][1:]}{ending}", good[endings[place - 1]]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(max(3, len(data) // 500)):
        found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
    return bytes(found)


def _pages() -> Iterator[tuple[str, bytes]]:
    yield "nested.html", b"<div>" * 500_000 + b"x"
    yield "attributes.html", b"<p " + b" ".join(b"a%d=1" % n for n in range(500_000)) + b">x</p>"
    yield "unclosed.html", b"<p" * 1_000_000
    yield "open-tags.html", b"<a href='" * 300_000
    yield "tables.html", b"<table><tr><td>" * 20_000 + b"x"
    yield "lists.html", b"<ul><li>" * 50_000 + b"x"
    yield "comments.html", b"<!--" * 500_000
    yield "entities.html", b"&amp;" * 1_000_000
    yield "wrong-charset.html", b"<meta charset=utf-16><p>caf\xe9 na\xefve</p>"
    yield "one-line.html", b"<p>" + b"word " * 1_000_000 + b"</p>"


def _texts(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    yield "brackets.md", b"# " + b"[" * 1_000_000
    yield "quotes.md", b">" * 200_000 + b" x"
    yield "lists.md", b"".join(b" " * (2 * n) + b"- x\n" for n in range(2_000))
    yield "emphasis.md", b"*a _b " * 200_000
    yield "ticks.md", b"`" * 1_000_000
    yield "links.md", b"[a](" * 200_000
    yield "table.md", b"|" + b"a|" * 50_000 + b"\n|" + b"-|" * 50_000 + b"\n"
    yield "rows.md", b"|a|b|\n|-|-|\n" + b"|x|y|\n" * 200_000
    yield "one-word.txt", b"x" * 4_000_000
    yield "spaces.txt", b" " * 4_000_000 + b"x"
    yield "utf16.txt", "Ohne Marke geschrieben. ".encode("utf-16-le") * 50
    yield "sjis.txt", "返金は三十日以内に行われます。".encode("shift-jis") * 50
    yield "surrogates.txt", b"\xed\xa0\x80\xed\xb0\x80 text " * 100
    yield "hidden.txt", "\U000e0041\u202e\u200b".encode() * 1_000
    yield "latin.txt", bytes(chance.randrange(0xA0, 0xFF) for _ in range(10_000))
    yield "wide.csv", b",".join([b"x"] * 100_000)
    yield "cell.csv", b'"' + b"x" * 3_000_000
    yield "quotes.csv", b'"' * 1_000_001
    yield "rows.csv", b"a,b\n" * 150_000
    yield "braces.rtf", b"{\\rtf1" + b"{" * 300_000
    yield "control.rtf", b"{\\rtf1" + b"\\b" * 500_000 + b"}"
    yield "binary.rtf", b"{\\rtf1\\bin999999999 x}"
    yield "deep.json", b"[" * 500_000
    yield "long.json", b'{"articles": [' + b'{"title": "a", "body": ' * 100_000
    yield "strange.json", json.dumps({"articles": [{"title": ["x"], "body": {"y": 1}}, 7, None]}).encode()


def _documents() -> Iterator[tuple[str, bytes]]:
    laughs = "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(
        f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9)
    )
    bomb = f"<?xml version='1.0'?>{laughs}]><x>&j;</x>".encode()
    outside = b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>"
    mains = {".docx": "word/document.xml", ".pptx": "ppt/presentation.xml", ".xlsx": "xl/workbook.xml"}
    for ending, main in mains.items():
        yield f"laughs{ending}", make_zip({main: bomb, "[Content_Types].xml": b"<Types/>"})
        yield f"outside{ending}", make_zip({main: outside, "[Content_Types].xml": b"<Types/>"})
        yield f"bomb{ending}", make_zip({main: b"<x/>", "media/big.bin": bytes(BOMB)})
        yield f"deep{ending}", make_zip({main: b"<a>" * 500_000, "[Content_Types].xml": b"<Types/>"})
        yield f"empty{ending}", make_zip({main: b""})
        yield f"many{ending}", make_zip({main: b"<x/>"} | {f"part{n}.xml": b"<x/>" for n in range(2_100)})
    container = b"<container><rootfiles><rootfile full-path='%s'/></rootfiles></container>"
    mimetype = {"mimetype": b"application/epub+zip"}
    yield "laughs.epub", make_zip(mimetype | {"META-INF/container.xml": bomb})
    yield "missing.epub", make_zip(mimetype | {"META-INF/container.xml": container % b"nowhere.opf"})
    yield "itself.epub", make_zip(mimetype | {"META-INF/container.xml": container % b"META-INF/container.xml"})
    yield "bomb.zip", make_zip({f"{n}.txt": bytes(60_000_000) for n in range(6)})
    yield "nested.zip", make_zip({"a.zip": make_zip({"b.zip": make_zip({"c.zip": make_zip({"d.md": b"x"})})})})
    yield "paths.zip", make_zip({"../../a.md": b"x", "/b.md": b"x", "C:\\c.md": b"x", "d/./e.md": b"x"})
    yield "many.zip", make_zip({f"{n}.md": b"x" for n in range(2_500)})


def _pdfs() -> Iterator[tuple[str, bytes]]:
    def pdf(*objects: bytes) -> bytes:
        body, places = b"%PDF-1.7\n", []
        for number, content in enumerate(objects, start=1):
            places.append(len(body))
            body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
        table = b"".join(b"%010d 00000 n \n" % place for place in places)
        head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(body))
        return body + head + table + end

    catalog, page = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>"
    tree = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    big = zlib.compress(b"BT (x) Tj ET\n" * 20_000_000, 9)
    stream = b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(big), big)
    yield "itself.pdf", pdf(catalog, b"<</Type/Pages/Kids[2 0 R]/Count 1>>")
    yield "loop.pdf", pdf(catalog, tree, b"<</Type/Pages/Kids[2 0 R]/Count 9>>")
    yield "bomb.pdf", pdf(catalog, tree, page, stream)
    yield "pages.pdf", pdf(catalog, b"<</Type/Pages/Kids[" + b"3 0 R " * 100_000 + b"]/Count 100000>>", page, b"<<>>")
    yield "arrays.pdf", pdf(catalog, tree, page, b"[" * 500_000)
    yield "dictionaries.pdf", pdf(catalog, tree, page, b"<</A" * 300_000)
    long = b"<</Length 99999999>>stream\nx\nendstream"
    yield "lies.pdf", pdf(catalog, b"<</Type/Pages/Kids[3 0 R]/Count -7>>", page, long)
    yield "xref.pdf", b"%PDF-1.7\nxref\n0 99999999\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF"
    yield "no-objects.pdf", b"%PDF-1.7\n%%EOF"


def write(folder: Path, files: Iterable[tuple[str, bytes]]) -> int:
    """Write files into a folder, and a good one beside every fifty; returns how many are bad."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for count, (name, data) in enumerate(files, start=1):
        (folder / f"{count:03}-{name}").write_bytes(data)
        if count % 50 == 1:
            (folder / f"{count:03}-good.md").write_text(f"# Good {count}\n\nThe good file number {count}.")
    return count


if __name__ == "__main__":
    sys.stdout.write(f"{write(Path(sys.argv[1]), bad_files())} bad files\n")

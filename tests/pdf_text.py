"""The texts of a PDF in the order in which they were drawn, without spaces."""

import re
from io import BytesIO

import pikepdf

# Marks in words that may break, and soft hyphens.
_UNSEEN = re.compile(r"[\s\u200b\u00ad]+")


def drawn_text(content: bytes) -> str:
    """All that the pages of a PDF show, by the tables from glyphs to characters inside it."""
    found = []
    with pikepdf.open(BytesIO(content)) as pdf:
        for page in pdf.pages:
            fonts = {name: _characters(font) for name, font in page.Resources.Font.items()}
            known: dict[int, str] = {}
            for operands, operator in pikepdf.parse_content_stream(page):
                if str(operator) == "Tf":
                    known = fonts[str(operands[0])]
                elif str(operator) in ("TJ", "Tj"):
                    parts = operands[0] if str(operator) == "TJ" else [operands[0]]
                    for part in parts:
                        if isinstance(part, pikepdf.String):
                            data = bytes(part)
                            glyphs = (data[n : n + 2] for n in range(0, len(data), 2))
                            found += [known.get(int.from_bytes(each), "?") for each in glyphs]
    return plain("".join(found))


def plain(text: str) -> str:
    """A text as `drawn_text` would give it."""
    return _UNSEEN.sub("", text)


def _characters(font: pikepdf.Object) -> dict[int, str]:
    table = font.ToUnicode.read_bytes().decode("ascii")
    found: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for glyph, text in re.findall(r"<(\w+)>\s*<(\w+)>", block):
            found[int(glyph, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            start = ord(bytes.fromhex(text).decode("utf-16-be"))
            for place, glyph in enumerate(range(int(first, 16), int(last, 16) + 1)):
                found[glyph] = chr(start + place)
    return found

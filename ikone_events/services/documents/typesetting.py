"""The calls of typst; also a program that reads values from standard input and writes a PDF.

It imports nothing else of the package, so that the program starts at once.
"""

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # typst is imported for a PDF alone
    import typst

Standard = Literal["ua-1", "a-2a"]
# Accessible (PDF/UA-1) and to be archived with its structure (PDF/A-2a).
STANDARDS: tuple[Standard, ...] = ("ua-1", "a-2a")


def compiled(source: Path, fonts: Path, values: str) -> bytes:
    """The PDF of a template with values as JSON; raises ImportError without typst.

    Fonts are ours and those inside typst, so that every machine makes the same pages. Characters
    that none of them has, such as emoji, and those for private use are forbidden by the standards:
    such a document gets the fonts of the machine too, and boxes for what these lack; its text is
    complete all the same. One name must not keep everybody's badges from being made.
    """
    import typst  # noqa: PLC0415 - see above

    try:
        return _pdf(source, _fonts(fonts, of_machine=False), values, STANDARDS)
    except typst.TypstError:  # a fault of the template comes again below
        pass
    return _pdf(source, _fonts(fonts, of_machine=True), values, ())


def _pdf(source: Path, fonts: "typst.Fonts", values: str, standards: Sequence[Standard]) -> bytes:
    import typst  # noqa: PLC0415 - see above

    made: bytes = typst.compile(
        source,
        root=source.parent,
        font_paths=fonts,
        format="pdf",
        sys_inputs={"values": values},
        pdf_standards=list(standards),
    )
    return made


@cache
def _fonts(folder: Path, *, of_machine: bool) -> "typst.Fonts":
    import typst  # noqa: PLC0415 - see above

    return typst.Fonts(
        include_system_fonts=of_machine, include_embedded_fonts=True, font_paths=[folder]
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(
        compiled(Path(sys.argv[1]), Path(sys.argv[2]), sys.stdin.buffer.read().decode())
    )

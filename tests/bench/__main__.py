"""`python -m tests.bench [--json FILE] [PART …]`: what a registration and a mail cost at least.

Absolute figures belong to this machine and this minute; the ratios travel. Takes five minutes,
uses loopback alone, and is no test: nothing fails when a figure is bad.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    beside,
    board,
    doors,
    figures,
    growth,
    invitations,
    postgresql,
    probing,
    rush,
    search,
    to_many,
    upload,
    whole,
    year,
)
from tests.bench.installation import sink

Row = tuple[str, str, str]

# Each part gets an empty folder and the port of a mail server that takes everything.
PARTS: dict[str, Callable[[Path, int], list[Row]]] = {
    "whole": whole.measure,
    "postgresql": postgresql.measure,
    "invitations": lambda _folder, _port: invitations.measure(),
    "to_many": to_many.measure,
    "rush": rush.measure,
    "doors": doors.measure,
    "beside": lambda folder, _port: beside.measure(folder),
    "growth": lambda folder, _port: growth.measure(folder),
    "search": lambda folder, _port: search.measure(folder),
    "board": lambda folder, _port: board.measure(folder),
    "figures": lambda folder, _port: year.measure(folder),
    "upload": upload.measure,
    "probing": lambda folder, _port: probing.measure(folder),
}


def main() -> None:
    """Measure, print the table and write the figures where that is wanted."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    wanted = parser.parse_args()
    if unknown := set(wanted.parts) - {*PARTS}:
        parser.error(f"no part of the bench: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="ikone-bench-") as folder, sink() as smtp_port:
        for name in wanted.parts or PARTS:
            home = Path(folder) / name
            home.mkdir()
            for what, figure, aim in PARTS[name](home, smtp_port):
                print(f"{what:<46}{figure:<26}{aim}", flush=True)
    if wanted.json is not None:
        figures.write(wanted.json)


if __name__ == "__main__":
    main()

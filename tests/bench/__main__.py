"""`python -m tests.bench [--json FILE]`: what a registration and a mail cost beside the least.

Absolute figures belong to this machine and this minute; the ratios travel. Takes five minutes,
uses loopback alone, and is no test: nothing fails when a figure is bad.
"""

import argparse
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.bench import beside, figures, growth, invitations, probing, rush, to_many
from tests.bench.figures import note
from tests.bench.installation import Installation, Served, answer_of, free_port, served, sink

ROUNDS = 3
SECONDS = 3.0
WARM_UP = 0.7
_first = count(1, 1_000_000)


@dataclass(slots=True)
class Sum:
    """Requests, seconds and processor time of one job over all rounds."""

    done: float = 0
    seconds: float = 0
    cpu: float = 0

    @property
    def rate(self) -> float:
        """Done a second."""
        return self.done / self.seconds

    @property
    def cost(self) -> float:
        """Milliseconds of the server's processor time for each."""
        return self.cpu / self.done * 1000


def load(server: Served, job: str, paths: list[str], into: Sum, seconds: float = SECONDS) -> None:
    """Let the client do a job against a server and add what came of it."""
    before = server.cpu()
    result = answer_of("tests.bench.client", server.port, job, seconds, next(_first), *paths)
    into.cpu += server.cpu() - before
    into.done += result["done"]
    into.seconds += result["seconds"]


def sizes(installation: Installation) -> tuple[int, int]:
    """Bytes of the text in a registration's row and in its mail's row."""
    found = []
    for table in ("registration", "outbox_mail"):
        names = installation.ask(f"SELECT name FROM pragma_table_info('{table}')")  # noqa: S608 - own words
        lengths = " + ".join(f'coalesce(length(CAST("{name}" AS BLOB)), 0)' for name in names)
        found.append(installation.ask(f"SELECT {lengths} FROM {table} ORDER BY id DESC LIMIT 1")[0])  # noqa: S608
    return found[0], found[1]


def measure(folder: Path, smtp_port: int) -> list[tuple[str, str, str]]:
    """All figures as rows: what, measured, aim."""
    installation, sums, warm = (
        Installation(folder, smtp_port),
        {name: Sum() for name in JOBS},
        Sum(),
    )
    with installation.serving() as server:
        first_start = server.seconds_to_start
    paths = installation.fill()
    with ExitStack() as stack:
        server = stack.enter_context(installation.serving())
        load(server, "register", paths, warm, WARM_UP)
        of_registration, of_mail = sizes(installation)
        bare = stack.enter_context(_bare(folder, of_registration, of_mail))
        load(bare, "post_bare", ["/"], Sum(), WARM_UP)
        for _ in range(ROUNDS):
            load(server, "register", paths, sums["registration"])
            load(server, "post", paths, sums["post"])
            load(bare, "post_bare", ["/"], sums["bare post"])
            load(server, "look", paths[:1], sums["page"])
            load(bare, "look", ["/"], sums["bare get"])
        memory, start = server.megabytes(), server.seconds_to_start
    expected = warm.done + sums["registration"].done + sums["post"].done
    _must_be_stored(installation, int(expected))
    return rows(sums, memory=memory, starts=(first_start, start))


JOBS = ("registration", "post", "bare post", "page", "bare get")


def _bare(folder: Path, of_registration: int, of_mail: int):  # type: ignore[no-untyped-def]
    port = free_port()
    words = [str(port), str(folder / "bare.db"), f"{of_registration},{of_mail}"]
    return served([sys.executable, "-m", "tests.bench.bare", *words], port)


def _must_be_stored(installation: Installation, expected: int) -> None:
    """Every answered registration has its row and its mail, and nothing else has."""
    found = Counter(
        registrations=installation.ask("SELECT count(*) FROM registration")[0],
        mails=installation.ask("SELECT count(*) FROM outbox_mail")[0],
    )
    if set(found.values()) != {expected}:
        raise RuntimeError(f"{expected} registrations were answered, stored are {dict(found)}")


def rows(
    sums: dict[str, Sum],
    *,
    memory: float,
    starts: tuple[float, float],
) -> list[tuple[str, str, str]]:
    """The figures in words."""
    full, post, page = sums["registration"], sums["post"], sums["page"]
    bare_post, bare_get = sums["bare post"], sums["bare get"]
    return [
        ("server CPU, a whole registration", f"{note('whole_cpu_ms', full.cost):.1f} ms", "10 ms"),
        ("whole registrations", f"{full.rate:.0f}/s", ""),
        ("registration POST", f"{post.rate:.0f}/s, {post.cost:.1f} ms CPU", ""),
        ("bare POST", f"{bare_post.rate:.0f}/s, {bare_post.cost:.1f} ms CPU", ""),
        ("  ratio", f"{note('post_ratio', post.rate / bare_post.rate):.2f}", ">= 0.5"),
        ("event page", f"{page.rate:.0f}/s, {page.cost:.2f} ms CPU", ""),
        ("bare GET", f"{bare_get.rate:.0f}/s, {bare_get.cost:.2f} ms CPU", ""),
        ("  ratio", f"{note('page_ratio', page.rate / bare_get.rate):.2f}", ">= 0.33"),
        ("memory, server and worker", f"{note('resident_mb', memory):.0f} MB", "< 150 MB"),
        ("first 200 on /, empty database", f"{starts[0]:.1f} s", ""),
        ("first 200 on /, usual start", f"{note('first_200_s', starts[1]):.1f} s", "< 2 s"),
    ]


def main() -> None:
    """Measure, print the table and write the figures where that is wanted."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    wanted: Path | None = parser.parse_args().json
    with tempfile.TemporaryDirectory(prefix="ikone-bench-") as folder, sink() as smtp_port:
        for part in ("one", "many", "rush", "beside", "growth", "probing"):
            (Path(folder) / part).mkdir()
        table = measure(Path(folder) / "one", smtp_port)
        table += invitations.measure()
        table += to_many.measure(Path(folder) / "many", smtp_port)
        table += rush.measure(Path(folder) / "rush", smtp_port)
        table += beside.measure(Path(folder) / "beside")
        table += growth.measure(Path(folder) / "growth")
        table += probing.measure(Path(folder) / "probing")
    for name, figure, aim in table:
        print(f"{name:<40}{figure:<26}{aim}")
    if wanted is not None:
        figures.write(wanted)


if __name__ == "__main__":
    main()

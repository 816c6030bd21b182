"""Whole registrations, POSTs and event pages beside a bare application; memory and start."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.bench.bare import served_bare
from tests.bench.figures import note
from tests.bench.installation import Installation
from tests.bench.jobs import Sum, load, sizes

ROUNDS = 3
SECONDS = 3.0
WARM_UP = 0.7
JOBS = ("registration", "post", "bare post", "page", "bare get")

Row = tuple[str, str, str]


def measure(folder: Path, smtp_port: int) -> list[Row]:
    """All figures as rows: what, measured, aim."""
    installation, warm = Installation(folder, smtp_port), Sum()
    sums = {name: Sum() for name in JOBS}
    with installation.serving() as server:
        first_start = server.seconds_to_start
    paths = installation.fill()
    with ExitStack() as stack:
        server = stack.enter_context(installation.serving())
        load(server, "register", paths, warm, WARM_UP)
        database = str(folder / "bare.db")
        bare = stack.enter_context(served_bare(database, *sizes(installation)))
        load(bare, "post_bare", ["/"], Sum(), WARM_UP)
        for _ in range(ROUNDS):
            load(server, "register", paths, sums["registration"], SECONDS)
            load(server, "post", paths, sums["post"], SECONDS)
            load(bare, "post_bare", ["/"], sums["bare post"], SECONDS)
            load(server, "look", paths[:1], sums["page"], SECONDS)
            load(bare, "look", ["/"], sums["bare get"], SECONDS)
        memory, start = server.megabytes(), server.seconds_to_start
    must_be_stored(installation, warm, sums["registration"], sums["post"])
    return _rows(sums, memory=memory, starts=(first_start, start))


def must_be_stored(installation: Installation, *sums: Sum) -> None:
    """Every answered registration has its row and its mail, and nothing else has."""
    expected = sum(int(each.done) for each in sums)
    found = Counter(
        registrations=installation.ask("SELECT count(*) FROM registration")[0],
        mails=installation.ask("SELECT count(*) FROM outbox_mail")[0],
    )
    if set(found.values()) != {expected}:
        raise RuntimeError(f"{expected} registrations were answered, stored are {dict(found)}")


def _rows(sums: dict[str, Sum], *, memory: float, starts: tuple[float, float]) -> list[Row]:
    full, post, page = sums["registration"], sums["post"], sums["page"]
    bare_post, bare_get = sums["bare post"], sums["bare get"]
    cost = note("whole_cpu_ms", full.cost)
    return [
        ("server CPU, a whole registration", f"{cost:.1f} ms", "<= 6 ms, aim 5"),
        ("whole registrations", f"{full.rate:.0f}/s", ""),
        ("registration POST", f"{post.rate:.0f}/s, {post.cost:.1f} ms CPU", ""),
        ("bare POST", f"{bare_post.rate:.0f}/s, {bare_post.cost:.1f} ms CPU", ""),
        ("  ratio", f"{note('post_ratio', post.rate / bare_post.rate):.2f}", ">= 0.30, aim 0.35"),
        ("event page", f"{page.rate:.0f}/s, {page.cost:.2f} ms CPU", ""),
        ("bare GET", f"{bare_get.rate:.0f}/s, {bare_get.cost:.2f} ms CPU", ""),
        ("  ratio", f"{note('page_ratio', page.rate / bare_get.rate):.2f}", ">= 0.5"),
        ("memory, server and worker", f"{note('resident_mb', memory):.0f} MB", "<= 125, aim 120"),
        ("first 200 on /, empty database", f"{starts[0]:.1f} s", ""),
        ("first 200 on /, usual start", f"{note('first_200_s', starts[1]):.1f} s", "<= 1.5 s"),
    ]

"""Registrations on PostgreSQL beside those on SQLite and beside a bare POST on PostgreSQL.

Both installations run at the same time and take turns in short rounds, so that a noisy minute
meets both. Processor time is that of our own process, without the database's.
"""

from contextlib import ExitStack
from pathlib import Path

from tests.bench.bare import served_bare
from tests.bench.figures import note
from tests.bench.installation import Installation, postgresql
from tests.bench.jobs import Sum, load, sizes
from tests.bench.whole import must_be_stored

ROUNDS = 3
SECONDS = 3.0
WARM_UP = 0.7
JOBS = ("sqlite", "postgresql", "post", "bare post")

Row = tuple[str, str, str]


def measure(folder: Path, smtp_port: int) -> list[Row]:
    """All figures as rows: what, measured, aim."""
    sums, warm = {name: Sum() for name in JOBS}, Sum()
    with ExitStack() as stack:
        new_database = stack.enter_context(postgresql())
        homes = [folder / "sqlite", folder / "postgresql"]
        for home in homes:
            home.mkdir()
        ours = Installation(homes[0], smtp_port)
        theirs = Installation(homes[1], smtp_port, database_url=new_database("ikone"))
        paths = ours.fill(), theirs.fill()
        on_sqlite = stack.enter_context(ours.serving())
        on_postgresql = stack.enter_context(theirs.serving())
        load(on_sqlite, "register", paths[0], Sum(), WARM_UP)
        load(on_postgresql, "register", paths[1], warm, WARM_UP)
        bare = stack.enter_context(served_bare(new_database("bare"), *sizes(ours)))
        load(bare, "post_bare", ["/"], Sum(), WARM_UP)
        for _ in range(ROUNDS):
            load(on_sqlite, "register", paths[0], sums["sqlite"], SECONDS)
            load(on_postgresql, "register", paths[1], sums["postgresql"], SECONDS)
            load(on_postgresql, "post", paths[1], sums["post"], SECONDS)
            load(bare, "post_bare", ["/"], sums["bare post"], SECONDS)
        must_be_stored(theirs, warm, sums["postgresql"], sums["post"])
    return _rows(sums)


def _rows(sums: dict[str, Sum]) -> list[Row]:
    sqlite, whole, post, bare = (sums[name] for name in JOBS)
    more = note("whole_ratio_postgresql", whole.cost / sqlite.cost)
    ratio = note("post_ratio_postgresql", post.rate / bare.rate)
    return [
        ("whole registration on SQLite", f"{sqlite.rate:.0f}/s, {sqlite.cost:.1f} ms CPU", ""),
        ("  on PostgreSQL", f"{whole.rate:.0f}/s, {whole.cost:.1f} ms CPU", ""),
        ("  ratio of our CPU", f"{more:.2f}", "<= 1.5"),
        ("registration POST, PostgreSQL", f"{post.rate:.0f}/s, {post.cost:.1f} ms CPU", ""),
        ("bare POST, PostgreSQL", f"{bare.rate:.0f}/s, {bare.cost:.1f} ms CPU", ""),
        ("  ratio", f"{ratio:.2f}", ">= 0.30"),
    ]

"""Jobs of the client against a server, with the server's processor time for each."""

from dataclasses import dataclass
from itertools import count

from tests.bench.installation import Installation, Served, answer_of

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


def load(server: Served, job: str, paths: list[str], into: Sum, seconds: float) -> None:
    """Let the client do a job against a server and add what came of it."""
    before = server.cpu()
    result = answer_of("tests.bench.client", server.port, job, seconds, next(_first), *paths)
    into.cpu += server.cpu() - before
    into.done += result["done"]
    into.seconds += result["seconds"]


def sizes(installation: Installation) -> tuple[int, int]:
    """Bytes of the text in a registration's row and in its mail's row (SQLite)."""
    found = []
    for table in ("registration", "outbox_mail"):
        names = installation.ask(f"SELECT name FROM pragma_table_info('{table}')")  # noqa: S608 - own words
        lengths = " + ".join(f'coalesce(length(CAST("{name}" AS BLOB)), 0)' for name in names)
        found.append(installation.ask(f"SELECT {lengths} FROM {table} ORDER BY id DESC LIMIT 1")[0])  # noqa: S608
    return found[0], found[1]

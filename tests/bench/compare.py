"""Two checkouts side by side: what a whole registration and the event page cost in each.

Run as `python -m tests.bench.compare OTHER [ROUNDS]` in one checkout, OTHER being the folder of
the second. Both run at the same time and take turns, so that a noisy minute meets both.
"""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.bench.installation import Installation, sink
from tests.bench.jobs import Sum, load

JOBS = {"register": "whole registration", "post": "registration POST", "look": "event page"}
SECONDS, WARM_UP = 2.0, 0.7


def compare(other: Path, rounds: int) -> None:
    """Print the processor time of each job here and there, and the median of the ratios."""
    costs: dict[str, list[tuple[float, float]]] = {job: [] for job in JOBS}
    with tempfile.TemporaryDirectory(prefix="ikone-bench-") as folder, ExitStack() as stack:
        smtp_port = stack.enter_context(sink())
        sides = []
        for number, source in enumerate((Path.cwd(), other)):
            home = Path(folder) / str(number)
            home.mkdir()
            installation = Installation(home, smtp_port, source=source)
            paths = installation.fill()
            sides.append((stack.enter_context(installation.serving()), paths))
        for server, paths in sides:
            load(server, "register", paths, Sum(), WARM_UP)
        for _ in range(rounds):
            for job, found in costs.items():
                here, there = Sum(), Sum()
                for (server, paths), into in zip(sides, (here, there), strict=True):
                    load(server, job, paths[:1] if job == "look" else paths, into, SECONDS)
                found.append((here.cost, there.cost))
        memory = [server.megabytes() for server, _paths in sides]
    for job, found in costs.items():
        here_ms, there_ms = (median(pair[side] for pair in found) for side in (0, 1))
        ratio = median(here / there for here, there in found)
        print(f"{JOBS[job]:<22}{here_ms:8.2f} ms{there_ms:8.2f} ms{ratio:8.3f}")
    print(f"{'memory':<22}{memory[0]:8.0f} MB{memory[1]:8.0f} MB{memory[0] / memory[1]:8.3f}")


if __name__ == "__main__":
    compare(Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 5)

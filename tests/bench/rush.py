"""A thousand people who press at one instant, for fifty places: how long the last one waits."""

from collections import Counter
from pathlib import Path

from tests.bench.figures import note
from tests.bench.installation import Installation, answer_of

PEOPLE, SEATS = 1_000, 50

Row = tuple[str, str, str]


def measure(folder: Path, smtp_port: int) -> list[Row]:
    """All figures as rows: what, measured, aim."""
    installation = Installation(folder, smtp_port)
    path = installation.fill(capacity=SEATS)[0]
    with installation.serving() as server:
        before = server.cpu()
        answers = answer_of("tests.rush.clients", f"{path}/register", PEOPLE, server.port)
        cpu = server.cpu() - before
    outcomes = Counter(answer["outcome"] for answer in answers)
    if outcomes != {"confirmed": SEATS, "waitlisted": PEOPLE - SEATS}:
        raise RuntimeError(f"the pages say {dict(outcomes)}")
    seconds = sorted(answer["seconds"] for answer in answers)
    return [
        (f"{PEOPLE} at one instant: median", f"{seconds[PEOPLE // 2]:.1f} s", ""),
        ("  p99", f"{note('rush_p99_s', seconds[PEOPLE * 99 // 100]):.1f} s", "< 10 s"),
        ("  form, sign-up and answer's page", f"{cpu / PEOPLE * 1000:.1f} ms CPU", ""),
    ]

"""Five hundred people who press at the door of a video room within ten seconds.

Meanwhile others look at the public page, and an organiser at the overview, at the list of who is
there and at the live board (visitors.py). Everybody opens the door, presses, and reads the page
that leads on.
"""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

from tests.bench.figures import note
from tests.bench.installation import Installation, answer_of
from tests.bench.rush import EMAIL, Row, Waits, visitors

PEOPLE, SECONDS = 500, 10.0


def measure(folder: Path, smtp_port: int) -> list[Row]:
    """All figures as rows: what, measured, aim."""
    installation, password = Installation(folder, smtp_port), secrets.token_urlsafe()
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    times = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=2)).isoformat()}
    room = {"format": "online", "video": {"url": "https://video.example.org/raum"}}
    path = installation.fill(state="dispatched", **times, **room)[0]
    account = ("organiser", "add", EMAIL, "--role", "admin", "--password-stdin")
    installation.run(*account, typed=f"{password}\n")
    doors = folder / "doors.txt"
    installation.call("tests.bench.door_links", path.rpartition("/")[2], PEOPLE, doors)
    waits: Waits = {}
    own = f"/organise{path}"
    pages = ("/organise/", own, f"{own}/attendance", f"{own}/live")
    with (
        installation.serving() as server,
        visitors(server.port, path, password, waits, organisers=pages),
    ):
        before = server.cpu()
        answers = answer_of("tests.rush.doors", doors, SECONDS, server.port)
        cpu = server.cpu() - before
    through = sum(bool(answer["through"]) for answer in answers)
    (stored,) = installation.ask("SELECT count(*) FROM attendance WHERE door_at IS NOT NULL")
    if (through, stored) != (PEOPLE, PEOPLE):
        raise RuntimeError(f"{through} came through, {stored} are recorded")
    seconds = [answer["seconds"] for answer in answers]
    p95 = note("doors_p95_s", quantiles(seconds, n=20)[18])
    whole = note("doors_way_p95_s", quantiles([answer["late"] for answer in answers], n=20)[18])
    pages_p95 = quantiles([wait for _at, wait in waits["pages"]] or [0.0, 0.0], n=20)[18]
    slowest = note("doors_board_s", max(wait for _at, wait in waits["overviews"]))
    return [
        (f"{PEOPLE} doors in {SECONDS:.0f} s: press, p95", f"{p95:.2f} s", "< 1 s"),
        ("  slowest press", f"{max(seconds):.2f} s", ""),
        ("  from opening the door to the room: p95", f"{whole:.2f} s", ""),
        ("  door, press and the way on", f"{cpu / PEOPLE * 1000:.1f} ms CPU", ""),
        ("  public page meanwhile: p95", f"{pages_p95:.2f} s", "< 2 s"),
        ("  organisers' pages meanwhile: slowest", f"{slowest:.2f} s", "< 3 s"),
    ]

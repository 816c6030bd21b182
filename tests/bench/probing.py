"""Can somebody tell by the time of the answer whether an address is registered?

Run as `python -m tests.bench.probing`, or with the others by `make bench`. Whole POSTs with new and
with known addresses take turns in this process; what is compared is the processor time, which a
stranger sees at best through the noise of a network. A known address has registered long before, so
that its mail is written (the first time within an hour) or only composed (each further time). A
cancelled one has withdrawn since.
"""

import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import delete, update

from ikone_events.store.db import db, transaction
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.bench.client import person
from tests.bench.figures import note
from tests.bench.growth import CASES, SEE_OTHER, SLUG, Place, open_place

ROUNDS, BEFORE, WARM_UP = 400, 400, 40
NEW, KNOWN, AGAIN, CONTROL, CANCELLED = "new", "known", "known, again", "new, too", "cancelled"

Row = tuple[str, str, str]


@dataclass
class Prober:
    """Somebody who sends forms and looks at the clock."""

    place: Place
    number: int = 1_000_000
    times: dict[str, list[float]] = field(default_factory=dict)

    def send(self, kind: str, number: int) -> None:
        """One POST; its milliseconds are kept."""
        form = {**person(number), "csrf_token": self.place.token}
        start = time.thread_time()
        answer = self.place.client.post(f"/events/{SLUG}/register", data=form)
        self.times.setdefault(kind, []).append((time.thread_time() - start) * 1000)
        if answer.status_code != SEE_OTHER:
            raise RuntimeError(f"{answer.status}: {answer.text[:2000]}")

    def stranger(self, kind: str) -> None:
        """Somebody who has never been here."""
        self.number += 1
        self.send(kind, self.number)


def measure(folder: Path) -> list[Row]:
    """All figures as rows: what, measured, aim."""
    prober = Prober(open_place(folder, CASES["no limit of places"], 0))
    for number in range(BEFORE + ROUNDS):
        prober.send("before", number)
    _withdraw(prober.place, [person(number)["email"] for number in range(BEFORE, BEFORE + ROUNDS)])
    for _ in range(WARM_UP):
        prober.stranger("before")
    _forget_mails(prober.place)
    for number in range(ROUNDS):
        # In turn, and the order turns as well: who comes first after the other pays for its cache.
        turns = [
            lambda: prober.stranger(NEW),
            lambda n=number: prober.send(KNOWN, n % BEFORE),
            lambda n=number: prober.send(AGAIN, n % BEFORE),
            lambda: prober.stranger(CONTROL),
            lambda n=number: prober.send(CANCELLED, BEFORE + n),
        ]
        first = number % 2
        order = turns if first else [turns[i] for i in (0, 3, 1, 2, 4)]
        for send in order:
            send()
    return _figures(prober.times)


def _withdraw(place: Place, emails: list[str]) -> None:
    theirs = update(Registration).where(Registration.email.in_(emails))
    with place.app.app_context(), transaction():
        db.session.execute(theirs.values(status="cancelled"))


def _forget_mails(place: Place) -> None:
    with place.app.app_context(), transaction():
        db.session.execute(delete(OutboxMail))


def _figures(times: dict[str, list[float]]) -> list[Row]:
    new = times[NEW]
    rows = [("POST with a new address", f"{statistics.median(new):.2f} ms CPU", "")]
    for kind in (CONTROL, KNOWN, AGAIN, CANCELLED):
        ratio = statistics.median(times[kind]) / statistics.median(new)
        note("known", ratio, kind)
        rows.append(
            (
                f"  ratio: {kind}",
                f"{ratio:.3f}, hits {_share_of_slower(new, times[kind])}",
                "0.95 - 1.05",
            )
        )
    return rows


def _share_of_slower(new: list[float], other: list[float]) -> str:
    """How often the slower of two is the new one: 50 % is a guess."""
    slower = sum(a > b for a, b in zip(new, other, strict=True)) / len(new)
    return f"{slower * 100:.0f} %"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="ikone-bench-") as where:
        for what, figure, aim in measure(Path(where)):
            print(f"{what:<40}{figure:<26}{aim}")

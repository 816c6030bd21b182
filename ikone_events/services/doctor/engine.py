"""The engine as the doctor sees it: the same alarms as on the overview, and what was refused."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ikone_events.domain.alarms import todos_of
from ikone_events.domain.todo import Severity
from ikone_events.services.doctor.findings import Finding, fault, ok, warning
from ikone_events.services.health import engine_health

_AHEAD = timedelta(minutes=1)


def alarms(now: datetime) -> Iterator[Finding]:
    """Every alarm of the engine, or that it is well."""
    engine = engine_health(now)
    found = todos_of(engine)
    for todo in found:
        say = fault if todo.severity is Severity.DANGER else warning
        yield say("engine", todo.text % todo.values)
    if not found:
        yield ok("engine", f"a worker is alive; letters waiting to be sent: {engine.queued}")
    if engine.last_beat is not None and engine.last_beat > now + _AHEAD:
        yield fault("clock", f"a worker's last sign lies in the future: {engine.last_beat}")


def refused_letters(now: datetime) -> Iterator[Finding]:
    """Letters that were given up wait for somebody to look at them."""
    if failed := engine_health(now).failed:
        yield warning("letters", f"{failed} could not be delivered; see “E-mails” of their events")

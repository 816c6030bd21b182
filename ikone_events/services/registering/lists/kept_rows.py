"""How a list is kept: a line on those who are through, then a line for each who still waits.

Taking the first few out costs the same however many wait behind them.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ikone_events.domain.refusals import Complaint
from ikone_events.services.registering.registrations import Applicant


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One who can be entered as far as the file tells."""

    line: int
    name: str
    applicant: Applicant


@dataclass(frozen=True, slots=True)
class Refused:
    """One who can't be entered, and why; the address finds them when they want to be forgotten."""

    line: int
    name: str
    complaints: tuple[Complaint, ...]
    email: str = ""


@dataclass(slots=True)
class Through:
    """What became of those who are through; `begun` says that the button has been pressed.

    Of those who were entered only the line and the registration are kept: their details are there.
    """

    left_out: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    entered: list[tuple[int, str]] = field(default_factory=list)
    begun: bool = False


def pack(through: Through, people: Iterable[WaitingRow]) -> str:
    """A whole list as it is kept."""
    return "\n".join([_written(through), *(_line(person) for person in people)])


def count_waiting(rows: str) -> int:
    """How many of a list have not been dealt with."""
    return rows.count("\n")


def read_through(rows: str) -> Through:
    """What became of those who are through."""
    data = json.loads(rows.partition("\n")[0])
    refused = [
        Refused(line, name, tuple(Complaint(*complaint) for complaint in complaints), email)
        for line, name, complaints, email in data["refused"]
    ]
    entered = [(line, public_id) for line, public_id in data["entered"]]
    return Through(data["left_out"], refused, entered, data["begun"])


def read_waiting(rows: str, most: int = -1) -> list[WaitingRow]:
    """Those who still wait, or the first of them."""
    lines = rows.split("\n", most + 1 if most >= 0 else -1)[1:]
    return [_person(json.loads(line)) for line in (lines[:most] if most >= 0 else lines)]


def without_first(rows: str, number: int, through: Through) -> str:
    """The list without the first of those who wait, and with what became of them."""
    return "\n".join([_written(through), *rows.split("\n", number + 1)[number + 1 :]])


def _written(through: Through) -> str:
    refused = [
        [row.line, row.name, [[c.text, dict(c.values), c.about] for c in row.complaints], row.email]
        for row in through.refused
    ]
    kept = {name: getattr(through, name) for name in ("left_out", "entered", "begun")}
    return json.dumps({**kept, "refused": refused}, ensure_ascii=False)


def _line(person: WaitingRow) -> str:
    answers = {key: list(values) for key, values in person.applicant.answers.items()}
    applicant = asdict(replace(person.applicant, answers={})) | {"answers": answers}
    kept = {"line": person.line, "name": person.name, "applicant": applicant}
    return json.dumps(kept, ensure_ascii=False)


def _person(data: dict[str, Any]) -> WaitingRow:
    return WaitingRow(data["line"], data["name"], Applicant(**data["applicant"]))

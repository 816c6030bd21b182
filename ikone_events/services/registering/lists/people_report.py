"""The expected result of a list of people, and the progress of entering it; only reads."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.address import email_key
from ikone_events.domain.refusals import N_, Complaint, Refusal, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import admit_by_hand, not_addable_because
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.domain.salutation import full_name
from ikone_events.services.registering.answers import asked_fields, places_taken
from ikone_events.services.registering.lists.people_rows import (
    Refused,
    WaitingRow,
    count_waiting,
    read_through,
    read_waiting,
)
from ikone_events.services.registering.new_registrations import Applicant, new_registration
from ikone_events.services.registering.seating import candidate_of
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import IS_ACTIVE, ImportList, Registration
from ikone_events.store.registering.waiting_list import (
    NOBODYS,
    organisation_key_of,
    seated_by_organisation,
)

_KNOWN = N_("Somebody is registered for this event with this address.")


@dataclass(frozen=True, slots=True)
class Coming:
    """A person who can be entered, with the status they would get now."""

    line: int
    name: str
    applicant: Applicant
    status: Status
    awaits: str


@dataclass(frozen=True, slots=True)
class Report:
    """A checked list as of now: who can be entered, who is refused, what was left out."""

    coming: tuple[Coming, ...]
    refused: tuple[Refused, ...]
    left_out: tuple[str, ...]
    remarks: tuple[Complaint, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """A person who was entered, with the present status."""

    line: int
    public_id: str
    name: str
    status: str
    awaits: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a list has been entered."""

    entered: tuple[Entered, ...]
    refused: tuple[Refused, ...]
    waiting: int

    @property
    def total(self) -> int:
        """All people of the file."""
        return len(self.entered) + len(self.refused) + self.waiting


def progress_of(event: Event, stored: ImportList) -> Progress | None:
    """How far a list has been entered; None before it was started."""
    through = read_through(stored.rows)
    if not through.begun:
        return None
    lines = {public_id: line for line, public_id in through.entered}
    people = db.session.scalars(
        select(Registration).where(
            Registration.event_id == event.id, Registration.public_id.in_(lines)
        )
    )
    entered = [
        Entered(
            lines[row.public_id],
            row.public_id,
            full_name(row.title, row.first_name, row.last_name),
            row.status,
            row.awaits,
        )
        for row in people
    ]
    return Progress(
        tuple(sorted(entered, key=lambda row: row.line)),
        tuple(sorted(through.refused, key=lambda row: row.line)),
        count_waiting(stored.rows),
    )


def report_on(event: Event, stored: ImportList, *, now: datetime) -> Report:
    """The result for everybody on the list if it were entered now."""
    through = read_through(stored.rows)
    active = select(Registration.email_key).where(Registration.event_id == event.id, IS_ACTIVE)
    known = set(db.session.scalars(active))
    refused, fit = list(through.refused), list[WaitingRow]()
    for person in read_waiting(stored.rows):
        if email_key(person.applicant.email) in known:
            complaint = Complaint(_KNOWN, about="email")
            refused.append(Refused(person.line, person.name, (complaint,)))
        else:
            fit.append(person)
    coming, turned_away = _placed(event, fit, now=now)
    refused = sorted([*refused, *turned_away], key=lambda row: row.line)
    return Report(tuple(coming), tuple(refused), tuple(through.left_out), tuple(through.remarks))


def _placed(
    event: Event, people: Sequence[WaitingRow], *, now: datetime
) -> tuple[list[Coming], list[Refused]]:
    """The place of each person, one after the other, by the rules of add_person."""
    availability = get_availability(event, now)
    if closed := not_addable_because(availability):
        return [], [Refused(person.line, person.name, (closed,)) for person in people]
    colleagues, choices = seated_by_organisation(event), _Choices(event)
    coming: list[Coming] = []
    refused: list[Refused] = []
    with db.session.no_autoflush:
        for listed in people:
            line, name, applicant = listed.line, listed.name, listed.applicant
            person = new_registration(event, applicant, now=now)
            organisation_key = organisation_key_of(person)
            candidate = candidate_of(
                event,
                person,
                availability,
                colleagues=colleagues[organisation_key],
                action=RegistrationAction.ADD,
            )
            try:
                choices.claim(applicant)
                place = admit_by_hand(availability, candidate)
            except Refusal as refusal:
                refused.append(Refused(line, name, refusal.complaints))
                continue
            if place.status is not Status.WAITLISTED:
                availability = availability.taking(candidate.mode)
                colleagues[organisation_key] += organisation_key != NOBODYS
            coming.append(Coming(line, name, applicant, place.status, place.awaits))
    return coming, refused


class _Choices:
    """Counts the limited places that the people of a list take."""

    def __init__(self, event: Event) -> None:
        self._fields = {own.key: own for own in asked_fields(event)}
        self._taken = Counter(places_taken(event))

    def claim(self, applicant: Applicant) -> None:
        """Count a person's choices; raises UnfitInput about the first that has no place left."""
        wanted = [(key, value) for key, values in applicant.answers.items() for value in values]
        for key, value in wanted:
            choice = self._fields[key].choice(value) if key in self._fields else None
            if choice is None or choice.places is None:
                continue
            if self._taken[key, value] >= choice.places:
                text = N_("“%(choice)s” has no places left.")
                raise UnfitInput(Complaint(text, {"choice": choice.label}, f"f_{key}"))
        self._taken.update(wanted)

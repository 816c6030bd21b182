"""Texts that matched no administration: grouped, and decided once for all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select

from ikone_events.domain.directory.administrations import NameSource
from ikone_events.domain.directory.similar_names import SimilarName, candidates_of, similar
from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.services.directory.administrations import (
    find_owner,
    get_administration,
    keep_names,
)
from ikone_events.services.directory.rematching import assign, is_unmatched
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, rows_written
from ikone_events.store.directory.models import LeftText, Organisation, OrganisationName
from ikone_events.store.directory.naming import lock_directory, namesakes
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import visible_events
from ikone_events.store.paging import Page, paginate_rows
from ikone_events.store.registering.models import IS_ACTIVE, Registration

GROUPS_SHOWN = 20
PEOPLE_SHOWN = 200


@dataclass(frozen=True, slots=True)
class UnmatchedGroup:
    """One text in all its spellings; `shared`: several administrations have this name."""

    key: str
    text: str
    people: int
    events: int
    suggestions: list[Organisation]
    shared: bool


def _waiting(organiser: Organiser) -> list[ColumnElement[bool]]:
    """Conditions: active, unmatched registrations at events that the organiser may see."""
    events = visible_events(organiser).where(Event.state != State.ARCHIVED.value)
    return [
        is_unmatched(),
        IS_ACTIVE,
        Registration.event_id.in_(events.with_only_columns(Event.id)),
    ]


_LEFT = Registration.organisation_key.in_(select(LeftText.key))


def count_unmatched(organiser: Organiser) -> int:
    """How many texts wait for a decision."""
    wanted = select(func.count(Registration.organisation_key.distinct()))
    return db.session.scalar(wanted.where(*_waiting(organiser), ~_LEFT)) or 0


def unmatched_groups(
    organiser: Organiser, *, left: bool = False, number: int = 1
) -> Page[UnmatchedGroup]:
    """The most frequent texts first; with `left` those that were set aside."""
    people = func.count().label("people")
    wanted = (
        select(
            Registration.organisation_key,
            func.max(Registration.organisation_text),
            people,
            func.count(Registration.event_id.distinct()),
        )
        .where(*_waiting(organiser), _LEFT if left else ~_LEFT)
        .group_by(Registration.organisation_key)
        .order_by(people.desc(), Registration.organisation_key)
    )
    page = paginate_rows(wanted, number=number, size=GROUPS_SHOWN)
    candidates = _candidates() if page.rows else []
    return replace(page, rows=[_group(*row, candidates=candidates) for row in page.rows])


def find_group(organiser: Organiser, key: str) -> tuple[UnmatchedGroup, list[Registration]]:
    """One text with up to two hundred people who typed it; raises NotFound."""
    whose = [*_waiting(organiser), Registration.organisation_key == key]
    rows = select(Registration).where(*whose).order_by(Registration.id)
    people = list(db.session.scalars(rows.limit(PEOPLE_SHOWN)).unique())
    if not people:
        raise NotFound(Complaint(N_("Nobody waits for this name to be matched.")))
    total = db.session.scalar(select(func.count()).where(*whose)) or 0
    events = len({person.event_id for person in people})
    text = people[0].organisation_text
    return _group(key, text, total, events, candidates=_candidates()), people


def _candidates() -> list[SimilarName]:
    names = db.session.execute(
        select(OrganisationName.organisation_id, OrganisationName.key)
        .where(OrganisationName.source != NameSource.PART.value)
        .order_by(OrganisationName.id)
    )
    return candidates_of((number, key) for number, key in names)


def _group(
    key: str, text: str, people: int, events: int, *, candidates: Sequence[SimilarName]
) -> UnmatchedGroup:
    """A group whose suggestions begin with exact matches."""
    same = namesakes(key)
    numbers = dict.fromkeys([*(body.id for body in same), *similar(key, candidates)])
    administrations = [get_administration(number) for number in list(numbers)[: max(3, len(same))]]
    return UnmatchedGroup(key, text.strip(), people, events, administrations, len(same) > 1)


def decide(
    organiser: Organiser,
    key: str,
    number: int,
    *,
    people: Sequence[str] | None = None,
    now: datetime,
) -> tuple[Organisation, int, bool]:
    """Assign a text to an administration; returns it, the number of people, and if it is stored.

    The text becomes an alias, unless other administrations use it too or only some `people` are
    meant. Otherwise everybody who typed it gets the administration, at all events. Raises NotFound.
    """
    lock_directory()
    organisation = get_administration(number)
    group, shown = find_group(organiser, key)
    if people is not None or find_owner(key, besides=organisation.id):
        wanted = {person.id for person in shown if people is None or person.public_id in people}
        return organisation, assign({key: organisation.id}, now=now, only=wanted), False
    learnt = _learn(organisation, group.text, now=now)
    db.session.flush()
    return organisation, assign({key: organisation.id}, now=now), learnt


def _learn(organisation: Organisation, text: str, *, now: datetime) -> bool:
    if not keep_names(organisation, [*organisation.aliases, text]):
        return False
    organisation.edit_version += 1
    organisation.changed_at = now
    return True


def leave(organiser: Organiser, key: str, *, now: datetime) -> str:
    """Mark a text as no administration and return it; raises NotFound."""
    group, _people = find_group(organiser, key)
    if db.session.get(LeftText, key) is None:
        row = LeftText(key=key, text=group.text, left_by=organiser.email, left_at=now)
        db.session.add(row)
    return group.text


def take_up(key: str) -> None:
    """Ask about a text again that was set aside."""
    rows_written(delete(LeftText).where(LeftText.key == key))

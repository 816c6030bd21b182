"""Texts that matched no administration: grouped, and decided once for all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Subquery, delete, func, null, select, union_all

from ikone_events.domain.directory.administrations import NameSource
from ikone_events.domain.directory.similar_names import SimilarName, candidates_of, similar
from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.services.directory.administrations import (
    find_owner,
    get_administration,
    keep_names,
)
from ikone_events.services.directory.rematching import (
    assign,
    assign_contacts,
    is_unmatched,
    is_unmatched_contact,
)
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, rows_written
from ikone_events.store.directory.models import (
    Contact,
    LeftText,
    Organisation,
    OrganisationName,
)
from ikone_events.store.directory.naming import lock_directory, namesakes
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import visible_events
from ikone_events.store.paging import Page, paginate_rows
from ikone_events.store.registering.models import IS_ACTIVE, Registration

GROUPS_SHOWN = 20
PEOPLE_SHOWN = 200


@dataclass(frozen=True, slots=True)
class UnmatchedGroup:
    """One text in all its spellings, typed by people and in contacts of the office.

    `shared`: several administrations have this name.
    """

    key: str
    text: str
    people: int
    events: int
    contacts: int
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


def _typed(organiser: Organiser, *, left: bool) -> Subquery:
    """Every typed text that waits for a decision, or was set aside, with its event."""
    of_people = select(
        Registration.organisation_key.label("key"),
        Registration.organisation_text.label("text"),
        Registration.event_id.label("event"),
    ).where(*_waiting(organiser))
    of_contacts = select(
        Contact.organisation_key, Contact.organisation_text, null().label("event")
    ).where(is_unmatched_contact())
    both = union_all(of_people, of_contacts).subquery()
    is_left = both.c.key.in_(select(LeftText.key))
    return select(both).where(is_left if left else ~is_left).subquery()


def count_unmatched(organiser: Organiser) -> int:
    """How many texts wait for a decision."""
    typed = _typed(organiser, left=False)
    return db.session.scalar(select(func.count(typed.c.key.distinct()))) or 0


def unmatched_groups(
    organiser: Organiser, *, left: bool = False, number: int = 1
) -> Page[UnmatchedGroup]:
    """The most frequent texts first; with `left` those that were set aside."""
    typed, number_of = _typed(organiser, left=left), func.count()
    people = func.count(typed.c.event)
    wanted = (
        select(
            typed.c.key,
            func.max(typed.c.text),
            people,
            func.count(typed.c.event.distinct()),
            number_of - people,
        )
        .group_by(typed.c.key)
        .order_by(number_of.desc(), typed.c.key)
    )
    page = paginate_rows(wanted, number=number, size=GROUPS_SHOWN)
    candidates = _candidates() if page.rows else []
    return replace(page, rows=[_group(*row, candidates=candidates) for row in page.rows])


def find_group(organiser: Organiser, key: str) -> tuple[UnmatchedGroup, list[Registration]]:
    """One text with up to two hundred people who typed it; raises NotFound.

    Contacts are only counted: they follow the decision about everybody.
    """
    whose = [*_waiting(organiser), Registration.organisation_key == key]
    rows = select(Registration).where(*whose).order_by(Registration.id)
    people = list(db.session.scalars(rows.limit(PEOPLE_SHOWN)).unique())
    of_contacts = is_unmatched_contact(), Contact.organisation_key == key
    contacts = db.session.scalars(select(Contact.organisation_text).where(*of_contacts)).all()
    if not people and not contacts:
        raise NotFound(Complaint(N_("Nobody waits for this name to be matched.")))
    total = db.session.scalar(select(func.count()).where(*whose)) or 0
    events = len({person.event_id for person in people})
    text = people[0].organisation_text if people else contacts[0]
    group = _group(key, text, total, events, len(contacts), candidates=_candidates())
    return group, people


def _candidates() -> list[SimilarName]:
    names = db.session.execute(
        select(OrganisationName.organisation_id, OrganisationName.key)
        .where(OrganisationName.source != NameSource.PART.value)
        .order_by(OrganisationName.id)
    )
    return candidates_of((number, key) for number, key in names)


def _group(
    key: str,
    text: str,
    people: int,
    events: int,
    contacts: int,
    *,
    candidates: Sequence[SimilarName],
) -> UnmatchedGroup:
    """A group whose suggestions begin with exact matches."""
    same = namesakes(key)
    numbers = dict.fromkeys([*(body.id for body in same), *similar(key, candidates)])
    administrations = [get_administration(number) for number in list(numbers)[: max(3, len(same))]]
    return UnmatchedGroup(
        key, text.strip(), people, events, contacts, administrations, len(same) > 1
    )


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
    if people is None:
        assign_contacts({key: organisation.id})
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

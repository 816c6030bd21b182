"""Standings: each is known, complete, and explained by the chain of what led to it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from sqlalchemy import and_, not_, or_, select

from ikone_events.domain.registering.registration import Awaits, Status
from ikone_events.domain.registering.status import RegistrationAction, RegistrationStatus, rule_of
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration, StatusChange

# Beginnings that nobody did here: from a file, or from before chains were kept.
_BEGINNINGS = ("load", "recorded")
Link = tuple[int, str, str, str]
_PEOPLE = (
    select(Event.slug, Registration.id, Registration.status)
    .select_from(Event)
    .join(Registration, Registration.event_id == Event.id)
    .order_by(Registration.id)
)


def unknown_statuses(_now: datetime) -> Iterator[str]:
    """A standing that the rules don't know counts nowhere."""
    known = [status.value for status in Status]
    rows = db.session.execute(_PEOPLE.where(Registration.status.not_in(known)))
    for slug, number, status in rows:
        yield f"seats: {slug}: registration {number} has the unknown standing “{status}”"


def incomplete_statuses(_now: datetime) -> Iterator[str]:
    """What is pending waits for something; a seat that is kept for a time has its end.

    People who came from a file never went through a seat, and their rows say no more.
    """
    pending = Registration.status == Status.PENDING.value
    address = Registration.awaits == Awaits.ADDRESS.value
    offered = Registration.status == Status.OFFERED.value
    kept = or_(and_(pending, address), offered)
    ended = Registration.reserved_until.is_not(None)
    odd = or_(
        and_(pending, Registration.awaits == ""),
        and_(not_(pending), Registration.awaits != ""),
        and_(kept, not_(ended)),
        and_(not_(kept), ended),
    )
    for slug, number, status in db.session.execute(
        _PEOPLE.where(odd, Registration.event_lock_version > 0)
    ):
        yield f"standings: {slug}: registration {number} is {status}, its other fields say not"


def unexplained_statuses(_now: datetime) -> Iterator[str]:
    """Each change begins where the one before ended, by a rule of the table, up to the standing."""
    rows = db.session.execute(
        select(
            StatusChange.registration_id,
            StatusChange.action,
            StatusChange.source,
            StatusChange.target,
        ).order_by(StatusChange.registration_id, StatusChange.id)
    )
    links = ((row[0], row[1], row[2], row[3]) for row in rows)
    chains = {key: list(chain) for key, chain in groupby(links, key=itemgetter(0))}
    found = db.session.execute(_PEOPLE.add_columns(Registration.event_lock_version))
    for slug, number, status, lock_version in found:
        chain = chains.get(number, [])
        if chain or lock_version:
            for fault in _faults(chain, status):
                yield f"standings: {slug}: registration {number}: {fault}"


def _faults(chain: Sequence[Link], status: str) -> Iterator[str]:
    """The first link may begin at any standing: people come from files with theirs."""
    before = chain[0][2] if chain else ""
    for _number, action, source, target in chain:
        if source != before or not _is_possible(action, source, target):
            yield f"“{action}” from “{source}” to “{target}” does not follow from “{before}”"
        before = target
    if before != status:
        yield f"it is “{status}”, its chain ends with “{before}”"


def _is_possible(action: str, source: str, target: str) -> bool:
    if action in _BEGINNINGS:
        return not source
    if action not in list(RegistrationAction):
        return False
    rule = rule_of(RegistrationAction(action))
    if rule.sources == rule.targets:
        return source == target
    return source in _statuses(rule.sources) and target in _statuses(rule.targets)


def _statuses(standings: Sequence[RegistrationStatus]) -> set[str]:
    """The statuses of standings, as chains hold them; nothing is before the first."""
    names = {standing.value.partition(":")[0] for standing in standings}
    return {"" if name == RegistrationStatus.NONE.value else name for name in names}

"""What is urgent and little time is left for: mailed at once, and once until it is settled."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ikone_events.domain.events.todo import todos
from ikone_events.domain.events.todo_facts import EventTodoFacts, Target, ToDo
from ikone_events.domain.mails.facts import EventSummary
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.office.mails import AT_ONCE, causes, urgent_until
from ikone_events.domain.operating.alarms import todos_of
from ikone_events.domain.plan.steps import latest
from ikone_events.services.events.todo import todo_facts_of
from ikone_events.services.installation import get_installation
from ikone_events.services.office.recipients import (
    alarm_recipients,
    entry_of,
    locale_of,
    office_facts,
    office_key,
    office_summary,
    put_into_outbox,
)
from ikone_events.services.operating.health import engine_health
from ikone_events.services.plan.plans import anchors_of, is_holiday, what_of
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.figures.counts import counts_for
from ikone_events.store.office.models import OfficeAlarm
from ikone_events.store.office.queries import (
    drop_alarms,
    events_to_watch,
    failed_mailings,
    raised_causes,
    room_alarm,
)
from ikone_events.store.plain import insert_unless_known, new_row
from ikone_events.store.plan.models import Step

# The installation in place of an event.
INSTALLATION = ""
_LOCALE = "de"  # of causes, which have no words

Causes = dict[str, ToDo]


def alarms_to_settle(now: datetime) -> list[str]:
    """The slugs of events whose urgent causes are not those that were raised."""
    until = _urgent_until(now)
    events, raised = events_to_watch(now, until), raised_causes()
    found = _causes(events, now, until, _LOCALE)
    changed = [
        event.slug for event in events if set(found[event.id]) != raised.get(event.id, set())
    ]
    if set(_of_installation(events, now, until)) != raised.get(None, set()):
        changed.append(INSTALLATION)
    return changed


def settle_alarms(slug: str, *, now: datetime) -> int:
    """Mail what has become urgent, and forget what is settled; returns the number of mails."""
    until = _urgent_until(now)
    if slug == INSTALLATION:
        events = events_to_watch(now, until)
        return _settle(None, _of_installation(events, now, until), now=now)
    event = lock_event(slug)
    return _settle(event, _causes([event], now, until, _LOCALE)[event.id], now=now)


def note_answer_of_room(slug: str, *, works: bool, now: datetime) -> int:
    """What the provider of a room answered at the door; returns the number of mails.

    Its alarm is stored by the first press that fails and dropped by the first one that works, not
    by the clock. A look into the room that fails (services/rooms/watching.py) raises none: nobody
    stands before a shut door because of it, and the attendance page says what was not seen.
    """
    event = lock_event(slug)
    key = room_alarm(event.id, event.room_provider)
    if works:
        drop_alarms({key})
        return 0
    if not _is_first(key, event, now):
        return 0
    found = _causes([event], now, _urgent_until(now), _LOCALE)[event.id]
    return _notify(event, {key} & set(found), found, now=now)


def _settle(event: Event | None, found: Causes, *, now: datetime) -> int:
    raised = raised_causes().get(event.id if event else None, set())
    drop_alarms(raised - set(found))
    new = [key for key in found if key not in raised and _is_first(key, event, now)]
    return _notify(event, new, found, now=now) if new else 0


def _is_first(key: str, event: Event | None, now: datetime) -> bool:
    """Store a cause; False if another worker has just done so."""
    row = new_row(OfficeAlarm, key=key, event_id=event.id if event else None, raised_at=now)
    return insert_unless_known(row, "key")


def _notify(event: Event | None, new: Collection[str], found: Causes, *, now: datetime) -> int:
    """Write one mail to each recipient with everything that is new.

    About the installation at most one a day: what comes and goes there is no news each time.
    """
    kind, mails = MailKind.OFFICE_ALARM, 0
    moment = now.date().isoformat() if event is None else now.isoformat(timespec="minutes")
    for account in alarm_recipients(event):
        locale = locale_of(account)
        shown = _in_language(event, found, now, locale)
        entries = dict.fromkeys(entry_of(shown[key], locale) for key in new if key in shown)
        facts = office_facts(kind, account, _summary(event, locale, now), entries)
        key = office_key(account, kind, f"{moment}:{min(new)}")
        mails += put_into_outbox(facts, key, now=now)
    return mails


def _in_language(event: Event | None, found: Causes, now: datetime, locale: str) -> Causes:
    """The same causes with the title of the event in another language."""
    if event is None or locale == _LOCALE:
        return found
    return _causes([event], now, _urgent_until(now), locale)[event.id]


def _summary(event: Event | None, locale: str, now: datetime) -> EventSummary:
    """The event, with the office in place of its contact: that is who reads it."""
    summary = office_summary(now)
    if event is None:
        return summary
    return replace(
        summary,
        title=event.title_in(locale),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        zone=event.zone,
        format=event.format,
    )


def _urgent_until(now: datetime) -> datetime:
    return urgent_until(now, get_installation().settings.timezone, is_holiday)


def _causes(
    events: Sequence[Event], now: datetime, until: datetime, locale: str
) -> dict[int, Causes]:
    """What is urgent at these events, by event id and key of the cause."""
    found: dict[int, Causes] = {event.id: {} for event in events}
    if not events:
        return found
    by_slug = {event.slug: event for event in events}
    failed = failed_mailings(found)
    for facts in todo_facts_of(events, counts_for(events), now, locale=locale):
        event = by_slug[facts.slug]
        found[event.id] = _urgent(event, facts, failed, until)
    return found


def _urgent(
    event: Event, facts: EventTodoFacts, failed: Mapping[int, Collection[int]], until: datetime
) -> Causes:
    return {
        f"{event.id}:{name}": todo
        for todo in todos([facts])
        if _matters_soon(todo, event, facts.facts.now, until)
        for name in causes(todo, failed[event.id], event.room_provider)
    }


def _matters_soon(todo: ToDo, event: Event, now: datetime, until: datetime) -> bool:
    """Whether the event begins, or the step comes too late, before that moment.

    Who stands at a door that does not open needs somebody at once.
    """
    if todo.target is Target.DOOR:
        return True
    moments = [event.starts_at]
    if todo.step_id and (step := db.session.get(Step, todo.step_id)) is not None:
        moments.append(latest(what_of(step), step.due_at, anchors_of(event)) or event.starts_at)
    return any(now < moment < until for moment in moments)


def _of_installation(events: Sequence[Event], now: datetime, until: datetime) -> Causes:
    """What is wrong with the installation while an event is about to begin."""
    if not any(now < event.starts_at < until for event in events):
        return {}
    engine = engine_health(now)
    return {
        f"0:{alarm.value}": todo
        for alarm in engine.alarms
        if alarm in AT_ONCE
        for todo in todos_of(engine, only={alarm})
    }

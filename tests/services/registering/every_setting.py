"""Any value of any setting that decides about seats, changed as the event's form does it."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy import select, update

from ikone_events.domain.events.draft import EventDraft
from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.events.registration_settings import MOMENTS, SETTINGS
from ikone_events.domain.refusals import Refusal
from ikone_events.domain.registering.form_fields import FieldChoice, FieldKind, OwnField
from ikone_events.domain.registering.registration import SEATED
from ikone_events.services.directory.administrations import draft_of, edit_administration
from ikone_events.services.events.editing import edit_event
from ikone_events.services.mails.outbox import add_notes
from ikone_events.services.registering import codes, form_fields
from ikone_events.services.registering.answers import places_taken
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW

MEMBER, FOREIGN = "Stadt Trier", "Stadt Mainz"
SEATS = st.none() | st.integers(1, 3)
HOURS = st.none() | st.integers(1, 40)
# Days from now.
_DAYS = st.none() | st.integers(-2, 20)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "deadline": _DAYS,
    "capacity": SEATS,
    "capacity_online": SEATS,
    "capacity_on_site": SEATS,
    "per_administration": st.sampled_from([None, 1, 2]),
    "members_until": _DAYS,
    "by_code": st.booleans(),
    "approval": st.booleans(),
    "confirm_hours": HOURS,
    "offer_hours": HOURS,
    "colleagues": st.booleans(),
    "waiting_list": st.booleans(),
    "accepts_late": st.booleans(),
    "decline_frees": st.booleans(),
}
# A setting that is new must be changed here too.
assert set(_VALUES) == set(SETTINGS)
_VALUES |= {"format": st.sampled_from(EventFormat), "hours_to_start": st.integers(-3, 480)}
# One to three at a time.
CHANGES = st.lists(
    st.one_of(*(st.tuples(st.just(name), values) for name, values in _VALUES.items())),
    min_size=1,
    max_size=3,
).map(dict)
KEY, CHOICE = "anreise", "bus"


def edit(event: Event, changes: dict[str, Any], *, now: datetime) -> None:
    """Save the event's form with some other values; raises what the form would show."""
    values = {name: value for name, value in changes.items() if name != "hours_to_start"}
    for name in MOMENTS:
        if (days := values.get(name)) is not None:
            values[name] = now + timedelta(days=days)
    if (hours := changes.get("hours_to_start")) is not None:
        values["starts_at"] = now + timedelta(hours=hours)
        values["ends_at"] = values["starts_at"] + (event.ends_at - event.starts_at)
    draft = replace(_draft_of(event), **values)
    if draft.format is not EventFormat.HYBRID:
        draft = replace(draft, capacity_online=None, capacity_on_site=None)
    edit_event(event.slug, draft, expected_edit_version=event.edit_version, now=now)


def _draft_of(event: Event) -> EventDraft:
    names = [field.name for field in fields(EventDraft) if field.name not in ("programme", "plan")]
    values: dict[str, Any] = {name: getattr(event, name) for name in names}
    return EventDraft(**{**values, "format": EventFormat(event.format)})


def turn_membership(name: str, *, member: bool, now: datetime) -> None:
    """Make an administration a member or not, as its form does."""
    found = db.session.query(Organisation).filter_by(name=name).one()
    draft = replace(draft_of(found), member=member)
    edit_administration(found.id, draft, edit_version=found.edit_version, now=now)


def set_places(event: Event, places: int | None, *, now: datetime) -> None:
    """Offer the choice “Bus” with so many places."""
    field = OwnField(
        kind=FieldKind.ONE_CHOICE,
        label="Anreise",
        choices=(FieldChoice(value="bus", label="Bus", places=places),),
    )
    known = form_fields.entries_of(event)
    saved = {"expected": event.edit_version, "now": now}
    if known:
        form_fields.edit_field(event.slug, known[0].field.key, field, **saved)
    else:
        form_fields.add_field(event.slug, field, **saved)


def change_codes(event: Event, uses: int | None, *, now: datetime) -> None:
    """Revoke the codes, or make another one."""
    if uses is None:
        for code in codes.codes_of(event):
            codes.revoke_code(event.slug, code.code.id, now=now)
    else:
        number = len(codes.codes_of(event))
        codes.make_shared_code(event.slug, f"CODE{number}", uses=uses, label="", now=now)


def deliver(event: Event, state: str, *, now: datetime) -> None:
    """Let all mails of an event leave, or fail for good."""
    mine = update(OutboxMail).where(OutboxMail.event_id == event.id, OutboxMail.state == "queued")
    sent_at = now if state == "sent" else None
    left = mine.values(state=state, sent_at=sent_at).returning(OutboxMail.id)
    ids = list(db.session.scalars(left.execution_options(synchronize_session=False)))
    if state == "failed":
        add_notes(ids, "failed", now=now)


class EverySetting(RuleBasedStateMachine):
    """What organisers and the mail server change while people register for one event."""

    slug: str

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.app, self.now = app, NOW
        # What may be taken up: more while a limit was higher.
        self.most = self.bus = 10**6

    def write(self, verb: Callable[[], object]) -> bool:
        """One transaction; what the rules refuse changes nothing."""
        with self.app.app_context():
            try:
                with transaction():
                    verb()
            except Refusal:
                return False
        return True

    def locked(self) -> Event:
        return lock_event(self.slug)

    def rows(self) -> list[Registration]:
        wanted = select(Registration).join(Event).where(Event.slug == self.slug)
        return list(db.session.scalars(wanted.order_by(Registration.id)))

    def capacity(self) -> int | None:
        with self.app.app_context():
            return db.session.scalar(select(Event.capacity).where(Event.slug == self.slug))

    def seated(self) -> int:
        with self.app.app_context():
            return sum(row.status in SEATED for row in self.rows())

    def on_the_bus(self) -> int:
        with self.app.app_context():
            event = db.session.scalars(select(Event).where(Event.slug == self.slug)).one()
            return places_taken(event).get((KEY, CHOICE), 0)

    @rule(changes=CHANGES)
    def edit(self, changes: dict[str, object]) -> None:
        self.write(lambda: edit(self.locked(), changes, now=self.now))
        self.most = max(self.seated(), self.capacity() or 10**6)

    @rule(places=SEATS)
    def set_places(self, places: int | None) -> None:
        if self.write(lambda: set_places(self.locked(), places, now=self.now)):
            self.bus = max(self.on_the_bus(), places or 10**6)

    @rule(uses=SEATS)
    def change_codes(self, uses: int | None) -> None:
        self.write(lambda: change_codes(self.locked(), uses, now=self.now))

    @rule(name=st.sampled_from([MEMBER, FOREIGN]), member=st.booleans())
    def turn_membership(self, name: str, member: bool) -> None:
        self.write(lambda: turn_membership(name, member=member, now=self.now))

    @rule(state=st.sampled_from(["sent", "sent", "failed"]))
    def deliver(self, state: str) -> None:
        self.write(lambda: deliver(self.locked(), state, now=self.now))

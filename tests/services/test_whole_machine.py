"""The whole engine under any order of things: organisers, attendees, the clock, workers that die.

A worker's death is played by doing a part of its work and dropping the rest, as kill -9 would: the
database keeps what was committed, the mail server what it took.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from itertools import count

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from ikone_events.domain.events.draft import EventDraft, RoomChoice
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.plan.times import Anchor, Timing, Unit
from ikone_events.domain.refusals import Refusal
from ikone_events.domain.registering.registration import Attendance
from ikone_events.mail.sending.deliver import MailConnection
from ikone_events.mail.sending.mime import mime_bytes
from ikone_events.services.events import editing as event_service
from ikone_events.services.events import steps
from ikone_events.services.events.combined_actions import announce_and_open
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.mails import mailing_chunks, mailings, subscribers
from ikone_events.services.mails.values import sender_of
from ikone_events.services.operating import verification
from ikone_events.services.plan import plans, step_editing
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.services.registering.status import withdraw
from ikone_events.services.rooms.attendance import state_attendance
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, Material, StateChange
from ikone_events.store.events.queries import find_event, lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail, Subscriber
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration
from tests.claims import claim_next
from tests.effort import by_night
from tests.factories import NOW, FixedClock
from tests.mailbox import Mailbox

pytestmark = pytest.mark.slow

_numbers = count(1)
ACTOR = "Wilma Organisaria"
LEASE = timedelta(seconds=120)
# Kinds of mails that speak of an event that takes place.
HOPEFUL = {"access_link", "reminder_day", "reminder_hour", "follow_up", "feedback"}


class Died(Exception):
    """The process is gone."""


def _draft(start: datetime) -> EventDraft:
    return EventDraft(
        title="Workshop",
        summary="Kurz.",
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        room_url="https://video.example.org/raum",
        capacity=3,
    )


class Installation(RuleBasedStateMachine):
    """One event, its people and subscribers, two organisers, and workers without luck."""

    people = Bundle("people")

    def __init__(self, app: Flask, clock: FixedClock, mailbox: Mailbox) -> None:
        super().__init__()
        self.app, self.clock, self.mailbox = app, clock, mailbox
        self.clock.moment = NOW
        self.sent_by_dead_workers: Counter[str] = Counter()

        mailbox.received.clear()
        with app.app_context(), transaction():
            for table in reversed(db.metadata.sorted_tables):
                db.session.execute(table.delete())
        self.begin()

    def begin(self) -> None:
        """A draft, the first one or in place of a discarded one."""
        draft = _draft(self.now + timedelta(days=30))
        with self.app.app_context(), transaction():
            self.slug = event_service.create_event(draft, actor=ACTOR, now=self.now).slug

    @property
    def now(self) -> datetime:
        return self.clock.moment

    def write(self, change: Callable[[Event], object]) -> None:
        """One transaction of a service; what the rules refuse changes nothing."""
        with self.app.app_context():
            event = find_event(self.slug)
            assert event is not None
            try:
                with transaction():
                    change(event)
            except Refusal:
                return

    # Organisers

    @rule(action=st.sampled_from(Action), waits=st.booleans())
    def press(self, action: Action, waits: bool) -> None:
        request = Request(
            action=action,
            actor=ACTOR,
            reason="Grund",
            waits=waits,
            new_starts_at=self.now + timedelta(days=20),
            new_ends_at=self.now + timedelta(days=20, hours=2),
        )
        self.write(lambda event: perform(event.slug, request, now=self.now))
        with self.app.app_context():
            if find_event(self.slug) is None:
                assert action is Action.DISCARD
                self.begin()

    @rule(waits=st.booleans())
    def announce_and_open(self, waits: bool) -> None:
        request = Request(action=Action.ANNOUNCE, actor=ACTOR, waits=waits)
        self.write(lambda event: announce_and_open(event.slug, request, now=self.now))

    @rule(action=st.sampled_from([Action.ANNOUNCE, Action.POSTPONE, Action.CANCEL]))
    def press_and_undo(self, action: Action) -> None:
        """An organiser who presses the wrong button; no seat may move."""
        before = self._seats()
        self.press(action, waits=True)
        self.press(Action.UNDO, waits=True)
        assert self._seats() == before

    def _seats(self) -> list[tuple[object, ...]]:
        columns = (Registration.id, Registration.status, Registration.calendar_sequence)
        with self.app.app_context():
            return [tuple(row) for row in db.session.execute(select(*columns))]

    @rule(days=st.integers(1, 40))
    def move_the_event(self, days: int) -> None:
        draft = _draft(self.now + timedelta(days=days))
        self.write(
            lambda event: event_service.edit_event(
                event.slug, draft, expected_edit_version=event.edit_version, now=self.now
            )
        )

    @rule(url=st.sampled_from(["", "https://video.example.org/anderer"]))
    def set_the_room(self, url: str) -> None:
        self.write(
            lambda event: event_service.set_room(
                event.slug, RoomChoice(room_url=url, dial_in=""), now=self.now
            )
        )

    @rule()
    def hand_out(self) -> None:
        self.write(
            lambda event: db.session.add(
                Material(
                    event_id=lock_event(event.slug).id,
                    kind="link",
                    title="Leitfaden",
                    url="https://example.org/leitfaden",
                    created_at=self.now,
                )
            )
        )

    @rule(number=st.integers(0, 9), what=st.sampled_from(["skip", "back", "off", "on", "now"]))
    def steer_a_step(self, number: int, what: str) -> None:
        def change(event: Event) -> object:
            found = plans.steps_of(event)
            step_id = found[number % len(found)].id
            doings: dict[str, Callable[[], object]] = {
                "skip": lambda: step_editing.skip(event, step_id, actor=ACTOR, now=self.now),
                "back": lambda: step_editing.take_back(event, step_id),
                "off": lambda: step_editing.switch(event, step_id, active=False),
                "on": lambda: step_editing.switch(event, step_id, active=True),
                "now": lambda: steps.run_now(event, step_id, actor=ACTOR, now=self.now),
            }
            return doings[what]()

        self.write(change)

    @rule(number=st.integers(0, 9), hours=st.integers(-72, 72))
    def move_a_step(self, number: int, hours: int) -> None:
        def change(event: Event) -> object:
            found = plans.steps_of(event)
            timing = Timing(anchor=Anchor.START, amount=hours, unit=Unit.HOURS)
            step_id = found[number % len(found)].id
            return step_editing.retime(event, step_id, timing, now=self.now)

        self.write(change)

    @rule(press=st.sampled_from([mailings.stop_mailing, mailings.resume_mailing]))
    def stop_or_resume(self, press: Callable[..., object]) -> None:
        def change(event: Event) -> object:
            newest = select(Mailing.id).where(Mailing.event_id == event.id)
            number = db.session.scalar(newest.order_by(Mailing.id.desc()).limit(1))
            return number and press(event, number, actor=ACTOR, now=self.now)

        self.write(change)

    # Attendees and subscribers

    @rule(target=people, again=st.booleans(), known=st.integers(0, 5))
    def sign_up(self, again: bool, known: int) -> object:
        number = known if again else next(_numbers) + 10
        email = f"p{number}@example.org"
        applicant = Applicant(
            first_name="P", last_name=str(number), email=email, organisation="Stadt", locale="de"
        )
        self.write(lambda event: register(event.slug, applicant, now=self.now))
        with self.app.app_context():
            found = db.session.scalars(
                select(Registration.public_id)
                .join(Event)
                .where(Event.slug == self.slug, Registration.email == email)
                .order_by(Registration.id.desc())
            ).first()
        return found or multiple()

    @rule(person=people)
    def take_back(self, person: str) -> None:
        self.write(lambda _event: withdraw(person, now=self.now))

    @rule(person=people, attendance=st.sampled_from([None, *Attendance]))
    def come_or_not(self, person: str, attendance: Attendance | None) -> None:
        self.write(lambda _event: state_attendance(person, attendance, now=self.now, by="X"))

    @rule(number=st.integers(0, 3), confirmed=st.booleans())
    def subscribe(self, number: int, confirmed: bool) -> None:
        email = f"abo{number}@example.org"
        self.write(lambda _event: subscribers.subscribe(email, "de", now=self.now))
        if confirmed:
            self.write(
                lambda _event: db.session.execute(
                    Subscriber.__table__.update()  # type: ignore[attr-defined]
                    .where(Subscriber.email == email, Subscriber.confirmed_at.is_(None))
                    .values(confirmed_at=self.now)
                )
            )

    # The clock

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        self.clock.move(hours=hours)

    @rule(hours=st.sampled_from([-2, 2, 48]))
    def jump(self, hours: int) -> None:
        self.clock.move(hours=hours)

    # Workers

    @rule()
    def work(self) -> None:
        self.app.extensions["ikone_engine"].run_once()

    @rule()
    def work_until_the_event_is_over(self) -> None:
        for _ in range(6):
            self.clock.move(hours=12)
            self.work()

    @rule()
    def die_after_claiming(self) -> None:
        with self.app.app_context(), transaction():
            claim_next(now=self.now, lease=LEASE)
        self.clock.move(seconds=LEASE.total_seconds() + 1)

    @rule()
    def die_after_sending(self) -> None:
        """The mail has arrived, and nobody noted it."""
        with self.app.app_context():
            with transaction():
                claim = claim_next(now=self.now, lease=LEASE)
            if claim is not None:
                mail = db.session.get_one(OutboxMail, claim.id, populate_existing=True)
                smtp = self.app.extensions["ikone_installation"].settings.smtp
                with closing(MailConnection(smtp)) as connection:
                    sender = sender_of(mail.event)
                    connection.deliver(mime_bytes(mail, sender), sender.address, mail.recipient)
                self.sent_by_dead_workers[mail.message_id] += 1
        self.clock.move(seconds=LEASE.total_seconds() + 1)

    @rule()
    def die_within_a_step(self) -> None:
        self._die(lambda: [steps.run_due(n, now=self.now) for n in steps.due_steps(self.now)])

    @rule()
    def die_within_a_mailing(self) -> None:
        def expand() -> None:
            number = mailing_chunks.find_open_mailing(self.now)
            if number is not None:
                mailing_chunks.expand_chunk(number, now=self.now)

        self._die(expand)

    def _die(self, work: Callable[[], object]) -> None:
        with self.app.app_context():
            try:
                with transaction():
                    work()
                    raise Died
            except Died:
                return

    # What must hold after each of these

    @invariant()
    def the_rows_agree_with_the_rules(self) -> None:
        with self.app.app_context():
            found = verification.faults(self.now)
            # A lease that ended long ago is a fault for an operator; here no worker may have run.
            assert [fault for fault in found if "lies with a worker" not in fault] == []

    @invariant()
    def no_mail_arrives_twice_but_by_a_death(self) -> None:
        arrived = Counter(str(mail.message["Message-ID"]) for mail in self.mailbox.received)
        for message_id, number in arrived.items():
            assert number <= 1 + self.sent_by_dead_workers[message_id], message_id

    @invariant()
    def what_is_marked_as_sent_has_arrived(self) -> None:
        arrived = {str(mail.message["Message-ID"]) for mail in self.mailbox.received}
        with self.app.app_context():
            sent = select(OutboxMail.message_id).where(OutboxMail.state == "sent")
            assert set(db.session.scalars(sent)) <= arrived

    @invariant()
    def nobody_gets_the_same_mail_of_a_step_twice(self) -> None:
        with self.app.app_context():
            rows = db.session.execute(
                select(OutboxMail.mailing_id, OutboxMail.recipient).where(
                    OutboxMail.mailing_id.is_not(None)
                )
            ).all()
        assert [key for key, number in Counter(map(tuple, rows)).items() if number > 1] == []

    @invariant()
    def a_transition_of_the_plan_is_in_the_history(self) -> None:
        with self.app.app_context():
            done = select(Step.action).where(Step.outcome == plans.DONE, Step.action != "")
            performed = set(db.session.scalars(select(StateChange.action)))
            assert set(db.session.scalars(done)) <= performed

    @invariant()
    def a_cancelled_event_raises_no_hopes(self) -> None:
        with self.app.app_context():
            history = db.session.scalars(select(StateChange).order_by(StateChange.id)).all()
            cancelled = [
                (change.at, change.event_id)
                for change, then in zip(history, [*history[1:], None], strict=True)
                if change.action == Action.CANCEL and (then is None or then.action != Action.UNDO)
            ]
            for at, event_id in cancelled:
                later = select(Mailing.kind).where(
                    Mailing.event_id == event_id, Mailing.created_at > at
                )
                assert not HOPEFUL & set(db.session.scalars(later))


def test_engine_holds_under_any_order(app: Flask, clock: FixedClock, mailbox: Mailbox) -> None:
    embedded = not app.extensions["ikone_installation"].settings.database_url
    run_state_machine_as_test(
        lambda: Installation(app, clock, mailbox),
        settings=settings(
            # On a server each transaction takes longer.
            max_examples=by_night(40 if embedded else 20, 2),
            stateful_step_count=by_night(50, 25),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

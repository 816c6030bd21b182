"""Seats and lifecycle under any order of events, on both databases (security guide, section 4)."""

from datetime import timedelta
from itertools import count

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
from sqlalchemy import select, update

from ikone_events.domain.lifecycle import Action
from ikone_events.domain.refusals import Refusal
from ikone_events.domain.registration import SEATED, Status
from ikone_events.services.registrations import Applicant, register
from ikone_events.services.seating import move_line_up
from ikone_events.services.standings import withdraw
from ikone_events.services.transitions import Request, perform
from ikone_events.store.db import db, transaction
from ikone_events.store.events import Event
from ikone_events.store.letters import OutboxMail
from ikone_events.store.queries import history_of, hold_event
from ikone_events.store.registrations import Registration
from tests.factories import NOW, make_event

_numbers = count(1)
MOVING = ("open", "closed", "dispatched")
LETTER_OF = {"confirmed": {"confirmation", "promotion"}, "waitlisted": {"waitlist"}}


class Seats(RuleBasedStateMachine):
    """One event; people come and go, organisers press buttons, the clock runs."""

    people = Bundle("people")

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.app, self.now = app, NOW
        self.slug = make_event(app, capacity=2, deadline=NOW + timedelta(days=10)).slug
        self.most = 2  # a lowered capacity takes nobody's seat away

    @rule(target=people, again=st.booleans(), known=st.integers(0, 5))
    def sign_up(self, again: bool, known: int) -> object:
        number = known if again else next(_numbers) + 10
        email = f"p{number}@example.org"
        applicant = Applicant(
            first_name="P", last_name=str(number), email=email, organisation="Stadt", locale="de"
        )
        with self.app.app_context():
            try:
                with transaction():
                    register(self.slug, applicant, now=self.now)
            except Refusal:
                return multiple()
            return db.session.scalars(
                select(Registration.public_id)
                .join(Event)
                .where(Event.slug == self.slug, Registration.email == email)
                .order_by(Registration.id.desc())
            ).first()

    @rule(person=people)
    def take_back(self, person: str) -> None:
        with self.app.app_context():
            try:
                with transaction():
                    withdraw(person, now=self.now)
            except Refusal:
                return

    @rule(action=st.sampled_from(Action))
    def press(self, action: Action) -> None:
        request = Request(
            action=action,
            actor="test",
            reason="Grund",
            new_starts_at=self.now + timedelta(days=20),
            new_ends_at=self.now + timedelta(days=20, hours=2),
        )
        with self.app.app_context():
            try:
                with transaction():
                    perform(self.slug, request, now=self.now)
            except Refusal:
                return

    @rule(capacity=st.one_of(st.none(), st.integers(1, 4)))
    def change_capacity(self, capacity: int | None) -> None:
        with self.app.app_context(), transaction():
            event = hold_event(self.slug)
            db.session.execute(update(Event).where(Event.id == event.id).values(capacity=capacity))
            db.session.refresh(event)
            move_line_up(event, now=self.now)
        self.most = max(self.seated(), capacity or 10**6)

    @rule(hours=st.integers(1, 200))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    def rows(self) -> tuple[Event, list[Registration]]:
        event = db.session.scalars(select(Event).where(Event.slug == self.slug)).one()
        wanted = select(Registration).where(Registration.event_id == event.id)
        return event, list(db.session.scalars(wanted.order_by(Registration.id)))

    def seated(self) -> int:
        with self.app.app_context():
            return sum(row.status in SEATED for row in self.rows()[1])

    @invariant()
    def nobody_sits_on_a_seat_that_is_not_there(self) -> None:
        assert self.seated() <= self.most

    @invariant()
    def nobody_waits_while_a_seat_is_free(self) -> None:
        with self.app.app_context():
            event, rows = self.rows()
            waiting = any(row.status == Status.WAITLISTED for row in rows)
            moves = event.state in MOVING and self.now < event.ends_at
            if waiting and moves:
                assert event.capacity is not None
                assert sum(row.status in SEATED for row in rows) >= event.capacity

    @invariant()
    def an_address_is_active_once(self) -> None:
        with self.app.app_context():
            _, rows = self.rows()
            active = [row.email_key for row in rows if row.status in ("confirmed", "waitlisted")]
            assert len(active) == len(set(active))

    @invariant()
    def every_standing_has_its_letter(self) -> None:
        with self.app.app_context():
            event, rows = self.rows()
            if event.state == "archived":
                return
            letters = db.session.execute(
                select(OutboxMail.registration_id, OutboxMail.kind).where(
                    OutboxMail.event_id == event.id
                )
            ).all()
            for row in rows:
                kinds = [kind for number, kind in letters if number == row.id]
                assert len([k for k in kinds if k != "repeat"]) == len(set(kinds) - {"repeat"})
                if row.status in LETTER_OF:
                    assert LETTER_OF[row.status] & set(kinds)
                if row.status == "cancelled":
                    assert "withdrawal" in kinds

    @invariant()
    def history_explains_the_state(self) -> None:
        with self.app.app_context():
            event, _ = self.rows()
            chain = history_of(event)
            assert [step.source for step in chain] == ["open", *(s.target for s in chain[:-1])][
                : len(chain)
            ]
            assert event.state == (chain[-1].target if chain else "open")


def test_seats_hold_under_any_order(app: Flask) -> None:
    run_state_machine_as_test(
        lambda: Seats(app),
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

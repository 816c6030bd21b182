"""Seats and lifecycle under any order of events, on both databases (security guide, section 4)."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.refusals import Refusal
from ikone_events.domain.registering.registration import SEATED, Status
from ikone_events.services.events.editing import keep_seats
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.operating import verification
from ikone_events.services.registering import (
    changes,
    corrections,
    hand_over,
    registrations,
    status,
)
from ikone_events.services.registering.expirations import events_to_update, expire_due
from ikone_events.services.registering.registrations import Applicant
from ikone_events.services.registering.seating import promote_waiting
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Code, Registration, StatusChange
from tests.effort import by_night
from tests.factories import NOW, make_event, make_organisation

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

_numbers = count(1)
ANNA = "anna@amt.example.org"
MEMBER, FOREIGN, UNKNOWN = "Stadt Trier", "Stadt Mainz", "Stadt Nirgendwo"
ADMINISTRATIONS = st.sampled_from([MEMBER, FOREIGN, UNKNOWN])
MODES = st.sampled_from(["online", "on_site"])
SEATS = st.none() | st.integers(1, 3)
HOURS = st.none() | st.integers(1, 40)
PEOPLE = st.integers(0, 30)


class Seats(RuleBasedStateMachine):
    """One event; people come and go, organisers press buttons, the clock runs."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.app, self.now, self.looked = app, NOW, True

    @initialize(
        hybrid=st.booleans(),
        capacity=SEATS,
        online=SEATS,
        steps=st.tuples(HOURS, st.booleans(), HOURS),
        per_administration=st.sampled_from([None, None, 1, 2]),
        members=st.booleans(),
        by_code=st.booleans(),
    )
    def open(self, **rules: object) -> None:
        confirm, approval, offer = rules["steps"]  # type: ignore[misc]
        event = make_event(
            self.app,
            format="hybrid" if rules["hybrid"] else "online",
            place="Rathaus",
            capacity=rules["capacity"],
            capacity_online=rules["online"],
            deadline=NOW + timedelta(days=10),
            confirm_hours=confirm,
            approval=approval,
            offer_hours=offer,
            per_administration=rules["per_administration"],
            members_until=NOW + timedelta(days=2) if rules["members"] else None,
            by_code=rules["by_code"],
        )
        self.slug = event.slug
        self.most = event.capacity or 10**6
        if rules["by_code"]:
            code = Code(event_id=event.id, text="CODE", uses=4, created_at=NOW)
            self.write(lambda: db.session.add(code))

    def write(self, verb: Callable[[], object]) -> None:
        """One transaction; what the rules refuse changes nothing."""
        with self.app.app_context():
            try:
                with transaction():
                    verb()
            except Refusal:
                return

    def locked(self) -> Event:
        return lock_event(self.slug)

    def rows(self) -> list[Registration]:
        wanted = select(Registration).join(Event).where(Event.slug == self.slug)
        return list(db.session.scalars(wanted.order_by(Registration.id)))

    def somebody(self, number: int) -> Registration | None:
        with self.app.app_context():
            rows = self.rows()
            return rows[number % len(rows)] if rows else None

    def address(self, number: int) -> str:
        """Mostly somebody new; the low numbers come again and again."""
        return f"p{number if number < 6 else next(_numbers) + 100}@example.org"

    def applicant(self, number: int, mode: str, organisation: str) -> Applicant:
        return Applicant(
            first_name="P",
            last_name="Muster",
            email=self.address(number),
            organisation=organisation,
            locale="de",
            mode=mode,
            code="CODE",
        )

    # People

    @rule(number=PEOPLE, mode=MODES, organisation=ADMINISTRATIONS)
    def sign_up(self, number: int, mode: str, organisation: str) -> None:
        person = self.applicant(number, mode, organisation)
        self.write(lambda: registrations.register(self.slug, person, now=self.now))

    @rule(numbers=st.lists(PEOPLE, min_size=2, max_size=3), mode=MODES, own=ADMINISTRATIONS)
    def sign_up_together(self, numbers: list[int], mode: str, own: str) -> None:
        people = [self.applicant(number, mode, own) for number in numbers]
        self.write(lambda: registrations.register_all(self.slug, people, now=self.now))

    @rule(number=PEOPLE)
    def withdraw(self, number: int) -> None:
        if found := self.somebody(number):
            self.write(lambda: status.withdraw(found.public_id, now=self.now))

    @rule(number=PEOPLE)
    def confirm_or_accept(self, number: int) -> None:
        if found := self.somebody(number):
            offered = found.status == Status.OFFERED
            verb = status.accept_offer if offered else status.confirm_address
            self.write(lambda: verb(found.public_id, now=self.now))

    @rule(number=PEOPLE, mode=MODES)
    def switch(self, number: int, mode: str) -> None:
        if found := self.somebody(number):
            self.write(lambda: changes.switch_mode(found.public_id, Mode(mode), now=self.now))

    @rule(number=PEOPLE, deputy=PEOPLE)
    def hand_over(self, number: int, deputy: int) -> None:
        if found := self.somebody(number):
            to = hand_over.Deputy(first_name="D", last_name="M", email=self.address(deputy))
            self.write(lambda: hand_over.hand_over(found.public_id, to, now=self.now))

    # Organisers

    @rule(number=PEOPLE, mode=MODES, organisation=ADMINISTRATIONS)
    def add(self, number: int, mode: str, organisation: str) -> None:
        person = self.applicant(number, mode, organisation)
        self.write(lambda: registrations.add_person(self.slug, person, actor=ANNA, now=self.now))

    @rule(number=PEOPLE, what=st.sampled_from(["approve", "move_up", "decline"]))
    def decide(self, number: int, what: str) -> None:
        found = self.somebody(number)
        if found is None:
            return
        words = {"expected": Status(found.status), "actor": ANNA, "now": self.now}
        if what == "decline":
            words["reason"] = "Grund"
        self.write(lambda: getattr(status, what)(found.public_id, **words))

    @rule(number=PEOPLE, other=PEOPLE)
    def correct(self, number: int, other: int) -> None:
        if found := self.somebody(number):
            seen, email = corrections.details_version(found), self.address(other)
            details = corrections.PersonDetails(first_name="C", last_name="M", email=email)
            words = {"seen": seen, "actor": ANNA, "now": self.now}
            self.write(lambda: corrections.correct_person(found.public_id, details, **words))

    @rule(action=st.sampled_from([*Action, Action.OPEN, Action.RESCHEDULE, Action.REOPEN]))
    def press(self, action: Action) -> None:
        request = Request(
            action=action,
            actor=ANNA,
            reason="Grund",
            new_starts_at=self.now + timedelta(days=20),
            new_ends_at=self.now + timedelta(days=20, hours=2),
        )
        self.write(lambda: perform(self.slug, request, now=self.now))

    @rule(whole=SEATS, online=SEATS, on_site=SEATS)
    def change_capacity(self, whole: int | None, online: int | None, on_site: int | None) -> None:
        def change() -> None:
            event = self.locked()
            event.capacity, event.capacity_online, event.capacity_on_site = whole, online, on_site
            db.session.flush()
            keep_seats(event, now=self.now)
            promote_waiting(event, now=self.now)

        self.write(change)
        self.most = max(self.seated(), whole or 10**6)

    @rule(confirm=HOURS, approval=st.booleans(), offer=HOURS)
    def change_steps(self, confirm: int | None, approval: bool, offer: int | None) -> None:
        def change() -> None:
            event = self.locked()
            event.confirm_hours, event.approval, event.offer_hours = confirm, approval, offer
            promote_waiting(event, now=self.now)

        self.write(change)

    # The clock and the worker

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.looked = False

    @rule()
    def work(self) -> None:
        with self.app.app_context():
            slugs = events_to_update(self.now)
        for slug in slugs:
            self.write(lambda slug=slug: expire_due(slug, now=self.now))
        self.looked = True
        with self.app.app_context():
            assert self.slug not in events_to_update(self.now)

    # What must hold after each of these

    def seated(self) -> int:
        with self.app.app_context():
            return sum(row.status in SEATED for row in self.rows())

    @invariant()
    def no_more_people_than_seats(self) -> None:
        assert self.seated() <= self.most

    def concerns(self, fault: str) -> bool:
        """Whether it is about this example: the events of earlier ones stay in the database."""
        named = re.search(r"\bworkshop\S*(?=:)", fault)
        return not fault.startswith("history:") and (named is None or named[0] == self.slug)

    @invariant()
    def the_rows_agree_with_the_rules(self) -> None:
        """Seats of each mode, waiting list, addresses, admission steps, history, mails."""
        with self.app.app_context():
            found = [fault for fault in verification.faults(self.now) if self.concerns(fault)]
        if not self.looked:  # the members' time may have passed since the worker's last look
            found = [fault for fault in found if "people wait although" not in fault]
        assert found == []

    @invariant()
    def each_promise_has_one_mail(self) -> None:
        with self.app.app_context():
            if any(row.anonymised_at for row in self.rows()):
                return
            ids = [row.id for row in self.rows()]
            chains = db.session.execute(
                select(StatusChange.registration_id, StatusChange).where(
                    StatusChange.registration_id.in_(ids)
                )
            ).all()
            promises = Counter(number for number, change in chains if not _silent(change))
            mails = Counter(
                db.session.scalars(
                    select(OutboxMail.registration_id).where(
                        OutboxMail.registration_id.in_(ids),
                        OutboxMail.mailing_id.is_(None),
                        OutboxMail.kind != "repeat",
                    )
                )
            )
            assert mails == promises


def _silent(change: StatusChange) -> bool:
    """What nobody is told: an address that expired, and all that was still open at the end."""
    return change.action == "expire" and (change.source == "pending" or change.reason != "")


def test_seats_hold_under_any_order(app: Flask) -> None:
    make_organisation(app, MEMBER, member=True)
    make_organisation(app, FOREIGN, member=False)
    embedded = not app.extensions["ikone_installation"].settings.database_url
    run_state_machine_as_test(
        lambda: Seats(app),
        settings=settings(
            max_examples=by_night(60 if embedded else 25, 6 if embedded else 3),
            stateful_step_count=by_night(50, 25),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

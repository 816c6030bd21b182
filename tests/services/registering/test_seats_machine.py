"""Seats and lifecycle under any order of events, on both databases (security guide, section 4)."""

import re
from collections import Counter
from datetime import timedelta
from itertools import count

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.registering.form_fields import Answers
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.status import CALENDAR, registration_status
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.operating import verification
from ikone_events.services.registering import (
    changes,
    corrections,
    hand_over,
    registrations,
    resend,
    status,
)
from ikone_events.services.registering.expirations import events_to_update, expire_due
from ikone_events.services.registering.registrations import Applicant
from ikone_events.services.registering.reservations import NAMES_DEADLINE
from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Code, Registration, StatusChange
from tests.effort import by_night
from tests.factories import NOW, make_event, make_organisation
from tests.services.registering.every_setting import (
    CHOICE,
    FOREIGN,
    HOURS,
    KEY,
    MEMBER,
    SEATS,
    EverySetting,
)

pytestmark = [pytest.mark.both_databases, pytest.mark.slow]

_numbers = count(1)
ANNA = "anna@amt.example.org"
UNKNOWN = "Stadt Nirgendwo"
ADMINISTRATIONS = st.sampled_from([MEMBER, FOREIGN, UNKNOWN])
MODES = st.sampled_from(["online", "on_site"])
PEOPLE = st.integers(0, 30)
ANSWERS = st.sampled_from([{}, {KEY: [CHOICE]}])
ACTORS = st.sampled_from([status.PERSON, ANNA])


class Seats(EverySetting):
    """One event; people come and go, organisers press buttons, the clock runs."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.looked = True

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
        code = Code(event_id=event.id, text="CODE", uses=4, created_at=NOW)
        self.write(lambda: db.session.add(code))
        for name in (MEMBER, FOREIGN):
            self.turn_membership(name=name, member=name == MEMBER)

    def somebody(self, number: int) -> Registration | None:
        with self.app.app_context():
            rows = self.rows()
            return rows[number % len(rows)] if rows else None

    def address(self, number: int) -> str:
        """Mostly somebody new; the low numbers come again and again."""
        return f"p{number if number < 6 else next(_numbers) + 100}@example.org"

    def applicant(self, number: int, mode: str, organisation: str, answers: Answers) -> Applicant:
        return Applicant(
            first_name="P",
            last_name="Muster",
            email=self.address(number),
            organisation=organisation,
            locale="de",
            mode=mode,
            code=("CODE", "CODE0", "CODE1", "CODE2")[number % 4],
            answers=answers,
        )

    # People

    @rule(number=PEOPLE, mode=MODES, own=ADMINISTRATIONS, answers=ANSWERS)
    def sign_up(self, number: int, mode: str, own: str, answers: Answers) -> None:
        person = self.applicant(number, mode, own, answers)
        self.write(lambda: registrations.register(self.slug, person, now=self.now))

    @rule(
        numbers=st.lists(PEOPLE, min_size=2, max_size=3),
        mode=MODES,
        own=ADMINISTRATIONS,
        answers=ANSWERS,
    )
    def sign_up_together(self, numbers: list[int], mode: str, own: str, answers: Answers) -> None:
        people = [self.applicant(number, mode, own, answers) for number in numbers]
        self.write(lambda: registrations.register_all(self.slug, people, now=self.now))

    @rule(number=PEOPLE, actor=st.sampled_from([status.PERSON, CALENDAR, ANNA]))
    def withdraw(self, number: int, actor: str) -> None:
        if found := self.somebody(number):
            self.write(lambda: status.withdraw(found.public_id, now=self.now, actor=actor))

    @rule(number=PEOPLE, actor=ACTORS)
    def confirm_or_accept(self, number: int, actor: str) -> None:
        if found := self.somebody(number):
            by, one = {"now": self.now}, found.public_id
            if found.status == Status.OFFERED:
                self.write(lambda: status.accept_offer(one, **by))
            else:
                self.write(lambda: status.confirm_address(one, actor=actor, **by))

    @rule(number=PEOPLE, mode=MODES, actor=ACTORS)
    def switch(self, number: int, mode: str, actor: str) -> None:
        if found := self.somebody(number):
            by = {"now": self.now, "actor": actor}
            self.write(lambda: changes.switch_mode(found.public_id, Mode(mode), **by))

    @rule(number=PEOPLE, deputy=PEOPLE, actor=ACTORS)
    def hand_over(self, number: int, deputy: int, actor: str) -> None:
        if found := self.somebody(number):
            to = hand_over.Deputy(first_name="D", last_name="M", email=self.address(deputy))
            by = {"now": self.now, "actor": actor}
            self.write(lambda: hand_over.hand_over(found.public_id, to, **by))

    @rule(number=PEOPLE, answers=ANSWERS)
    def change_answers(self, number: int, answers: Answers) -> None:
        if found := self.somebody(number):
            details = changes.Details(first_name="P", last_name="Muster")
            one = found.public_id
            self.write(lambda: changes.change_details(one, details, answers, now=self.now))

    # Organisers

    @rule(
        number=PEOPLE,
        mode=MODES,
        own=ADMINISTRATIONS,
        answers=ANSWERS,
        extra=st.sampled_from(["", "", "Grund"]),
    )
    def add(self, number: int, mode: str, own: str, answers: Answers, extra: str) -> None:
        person = self.applicant(number, mode, own, answers)
        words = {"actor": ANNA, "now": self.now, "extra": extra}
        added = self.write(lambda: registrations.add_person(self.slug, person, **words))
        if added and extra:
            self.most = max(self.most, self.seated())

    @rule(number=PEOPLE, what=st.sampled_from(["approve", "move_up", "decline"]))
    def decide(self, number: int, what: str) -> None:
        found = self.somebody(number)
        if found is None:
            return
        seen = registration_status(found.status, found.awaits)
        words = {"expected": seen, "actor": ANNA, "now": self.now}
        if what == "decline":
            words["reason"] = "Grund"
        self.write(lambda: getattr(status, what)(found.public_id, **words))

    @rule(number=PEOPLE)
    def give_seat(self, number: int) -> None:
        """Above the limit: there may be one more, who keeps everybody else waiting."""
        if found := self.somebody(number):
            seen = registration_status(found.status, found.awaits)
            words = {"expected": seen, "actor": ANNA, "now": self.now, "reason": "Grund"}
            if self.write(lambda: status.give_seat(found.public_id, **words)):
                self.most = max(self.most, self.seated())

    @rule(number=PEOPLE)
    def resend(self, number: int) -> None:
        if found := self.somebody(number):
            words = {"actor": ANNA, "now": self.now}
            self.write(lambda: resend.resend_confirmation(found.public_id, **words))

    @rule(number=PEOPLE, other=PEOPLE, own=st.one_of(st.none(), ADMINISTRATIONS))
    def correct(self, number: int, other: int, own: str | None) -> None:
        if found := self.somebody(number):
            seen, email = corrections.details_version(found), self.address(other)
            # Nobody is notified of a corrected name.
            same = {name: getattr(found, name) for name in NAMES}
            same["organisation_text"] = own or found.organisation_text
            details = corrections.PersonDetails(**same, email=email)
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
            self.write(lambda slug=slug: self.expire(slug))
        self.looked = True
        with self.app.app_context():
            assert self.slug not in events_to_update(self.now)

    def expire(self, slug: str) -> None:
        """Nobody loses a seat by the clock whose mail about it has not left."""
        waiting = select(OutboxMail.registration_id).where(
            OutboxMail.state == "queued", OutboxMail.kind.in_(NAMES_DEADLINE)
        )
        queued = set(db.session.scalars(waiting))
        expired = expire_due(slug, now=self.now)
        over = bool(expired) and self.now >= expired[0].event.ends_at
        assert over or not queued & {person.id for person in expired}

    # What must hold after each of these

    @invariant()
    def no_more_people_than_seats_and_places(self) -> None:
        assert self.seated() <= self.most
        assert self.on_the_bus() <= self.bus

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
            # One mail may contain several changes, and another goes to the former address.
            corrected = {number for number, change in chains if change.action == "correct"}
            ids = [number for number in ids if number not in corrected]
            promises = Counter(
                number for number, change in chains if number in ids and not _silent(change)
            )
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


NAMES = ("first_name", "last_name", "salutation", "title", "position")


def _silent(change: StatusChange) -> bool:
    """What notifies nobody: an address that expired, and all that was still open at the end."""
    return change.action == "expire" and (change.source == "pending" or change.reason != "")


def test_seats_hold_under_any_order(app: Flask) -> None:
    make_organisation(app, MEMBER, member=True)
    make_organisation(app, FOREIGN, member=False)
    embedded = not app.extensions["ikone_installation"].settings.database_url
    run_state_machine_as_test(
        lambda: Seats(app),
        settings=settings(
            max_examples=by_night(60 if embedded else 25, 2 if embedded else 1),
            stateful_step_count=by_night(50, 25),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Standing sign-ups: one registration for each date, by its rules, and never a second one."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.domain.refusals import LinkRefused, NotFound, RegistrationClosed, UnfitInput
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.operating.retention import forget_event
from ikone_events.services.privacy.archiving import forget_person
from ikone_events.services.privacy.own_data import data_of
from ikone_events.services.registering import standing
from ikone_events.services.registering.standing import StandingDraft
from ikone_events.services.registering.standing_dates import (
    DueRegistration,
    due_registrations,
    register_standing,
)
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, transaction
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.standing import StandingDate, StandingSignUp
from tests.factories import NOW, PAST, make_organisation, make_registration
from tests.rows import count, written_mails
from tests.standing import ANNA, SLUG, make_date, make_series, make_standing, work

pytestmark = pytest.mark.both_databases

DAY = timedelta(days=1)


def people(app: Flask) -> list[tuple[str, str]]:
    """Address and status of all registrations, in order."""
    with app.app_context():
        rows = db.session.execute(
            select(Registration.email, Registration.status).order_by(Registration.id)
        )
        return [(email, status) for email, status in rows]


def token(app: Flask, row: StandingSignUp) -> str:
    with app.app_context():
        claim = LinkClaim(row.public_id, row.link_epoch)
        return get_installation().signer.sign(Purpose.STANDING, claim)


def sign_up(app: Flask, **changes: Any) -> None:
    with app.app_context(), transaction():
        standing.sign_up(SLUG, StandingDraft(**{**ANNA, "locale": "de", **changes}), now=NOW)


def test_each_open_date_becomes_a_registration_with_its_own_invitation(app: Flask) -> None:
    make_series(app)
    make_date(app, state="announced")
    first, second = make_date(app), make_date(app, series="RUNDER  Tisch!")
    make_date(app, series="Anderes")
    make_standing(app)
    assert work(app) == 2
    assert people(app) == [("anna@example.org", "confirmed")] * 2
    assert [mail.kind for mail in written_mails(app)] == ["confirmation"] * 2
    entries = [Calendar.from_ical(mail.calendar or b"") for mail in written_mails(app)]
    uids = {str(entry.walk("VEVENT")[0]["UID"]) for entry in entries}
    assert len(uids) == 2
    assert {entry["METHOD"] for entry in entries} == {"REQUEST"}
    assert {mail.event_id for mail in written_mails(app)} == {first.id, second.id}
    assert work(app) == 0


@pytest.mark.one_database_by_day
def test_mail_states_where_it_comes_from_and_how_to_end_it(app: Flask) -> None:
    make_series(app)
    make_date(app)
    row = make_standing(app)
    make_standing(app, email="eve@example.org", locale="en", series_slug=SLUG)
    work(app)
    german, english = (mail.text for mail in written_mails(app))
    assert "kommt aus Ihrer Daueranmeldung zur Reihe „Runder Tisch“" in german
    assert f"http://localhost/standing/{token(app, row)}" in german
    assert "comes from your standing sign-up to the series “Runder Tisch”" in english
    other = make_registration(app, make_date(app), email="ohne@example.org")
    with app.app_context(), transaction():
        withdraw(other.public_id, now=NOW)
    assert "Daueranmeldung" not in written_mails(app)[-1].text


def test_address_is_not_to_be_confirmed_again(app: Flask) -> None:
    make_series(app)
    event = make_date(app, confirm_hours=24)
    make_standing(app)
    assert work(app) == 1
    assert people(app) == [("anna@example.org", "confirmed")], "the address is confirmed already"
    with app.app_context():
        row = db.session.scalars(select(Registration)).one()
        assert row.address_confirmed_at is not None
        assert row.event_id == event.id


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"capacity": 1}, ["waitlisted"]),
        ({"capacity": 1, "waiting_list": False}, []),
        ({"approval": True}, ["pending"]),
        ({"members_until": NOW + DAY}, ["waitlisted"]),
        ({"by_code": True}, []),
        ({"deadline": NOW - DAY}, []),
        ({"state": "closed"}, []),
        ({"state": "cancelled"}, []),
    ],
)
@pytest.mark.one_database_by_day
def test_rules_of_the_date_apply(app: Flask, rules: dict[str, Any], expected: list[str]) -> None:
    make_series(app)
    event = make_date(app, **rules)
    make_registration(app, event, email="first@example.org")
    make_standing(app)
    work(app)
    assert [status for email, status in people(app) if email == ANNA["email"]] == expected


def test_member_gets_a_seat_in_the_time_of_members(app: Flask) -> None:
    make_series(app)
    make_organisation(app, ANNA["organisation_text"], member_since=NOW.date() - 100 * DAY)
    make_date(app, members_until=NOW + DAY)
    make_standing(app)
    work(app)
    assert people(app) == [("anna@example.org", "confirmed")]


def test_date_that_was_full_is_applied_when_a_place_is_free(app: Flask) -> None:
    make_series(app)
    event = make_date(app, capacity=1, waiting_list=False)
    other = make_registration(app, event)
    make_standing(app)
    assert work(app) == 0
    with app.app_context(), transaction():
        withdraw(other.public_id, now=NOW)
    assert work(app) == 1


@pytest.mark.parametrize(
    "person", [{"confirmed_at": None}, {"series_slug": "anderes"}], ids=["unconfirmed", "elsewhere"]
)
def test_others_are_not_registered(app: Flask, person: dict[str, Any]) -> None:
    make_series(app)
    make_date(app)
    make_standing(app, **person)
    assert work(app) == 0


def test_series_that_takes_none_any_more_registers_nobody(app: Flask) -> None:
    make_series(app, standing=False)
    make_date(app)
    make_standing(app)
    assert work(app) == 0


def test_returned_mails_let_a_sign_up_rest(app: Flask) -> None:
    make_series(app)
    make_date(app)
    make_standing(app)
    with app.app_context(), transaction():
        undeliverable_addresses.mark(ANNA["email"], code="5.1.1", words="unknown", now=NOW)
        undeliverable_addresses.delete_unused()
    assert work(app) == 0
    with app.app_context(), transaction():
        undeliverable_addresses.lift(ANNA["email"])
    assert work(app) == 1


def test_whoever_is_registered_already_is_left_alone(app: Flask) -> None:
    make_series(app)
    event = make_date(app)
    known = make_registration(app, event, email="ANNA@example.org")
    make_standing(app)
    assert work(app) == 0
    assert written_mails(app) == []
    with app.app_context(), transaction():
        withdraw(known.public_id, now=NOW)
    assert work(app) == 0, "who has withdrawn is not registered again"


def test_withdrawn_date_stays_withdrawn_and_the_next_one_comes(app: Flask) -> None:
    make_series(app)
    make_date(app)
    make_standing(app)
    work(app)
    with app.app_context():
        public_id = db.session.scalars(select(Registration.public_id)).one()
        with transaction():
            withdraw(public_id, now=NOW)
    assert work(app) == 0
    make_date(app)
    assert work(app) == 1
    assert [status for _email, status in people(app)] == ["cancelled", "confirmed"]


def test_two_workers_register_everybody_once(app: Flask) -> None:
    """Both have looked up the same people before either of them begins."""
    make_series(app)
    event = make_date(app, capacity=3)
    for number in range(5):
        make_standing(app, email=f"person{number}@example.org")
    both = threading.Barrier(2)

    def run(_worker: int) -> int:
        done = 0
        with app.app_context():
            found = due_registrations(NOW)
            both.wait(30)
            for due in found:
                with transaction():
                    done += register_standing(due, now=NOW) is not None
            db.session.remove()
        return done

    with ThreadPoolExecutor(2) as workers:
        assert sum(workers.map(run, range(2))) == 5
    statuses = sorted(status for _email, status in people(app))
    assert statuses == ["confirmed"] * 3 + ["waitlisted"] * 2
    assert len({mail.recipient for mail in written_mails(app)}) == len(written_mails(app)) == 5
    assert count(app, StandingDate) == 5
    with app.app_context():
        assert event.id in set(db.session.scalars(select(StandingDate.event_id)))


def test_worker_that_is_late_does_not_register_who_has_withdrawn_meanwhile(app: Flask) -> None:
    """It has looked the person up before another one registered them."""
    make_series(app)
    make_date(app)
    make_standing(app)
    with app.app_context():
        (late,) = due_registrations(NOW)
    work(app)
    with app.app_context():
        public_id = db.session.scalars(select(Registration.public_id)).one()
        with transaction():
            withdraw(public_id, now=NOW)
        with transaction():
            assert register_standing(late, now=NOW) is None
    assert [status for _email, status in people(app)] == ["cancelled"]


def test_worker_that_dies_in_between_leaves_nothing_half(app: Flask) -> None:
    make_series(app)
    make_date(app)
    for number in range(3):
        make_standing(app, email=f"person{number}@example.org")

    class Killed(BaseException):
        pass

    def die_after(due: DueRegistration) -> None:
        with transaction():
            register_standing(due, now=NOW)
            raise Killed

    with app.app_context():
        first, second, _third = due_registrations(NOW)
        with transaction():
            register_standing(first, now=NOW)
        with pytest.raises(Killed):
            die_after(second)
        db.session.remove()
    assert (len(people(app)), len(written_mails(app)), count(app, StandingDate)) == (1, 1, 1)
    assert work(app) == 2
    assert (len(people(app)), len(written_mails(app)), count(app, StandingDate)) == (3, 3, 3)


def test_sign_up_asks_to_confirm_and_then_counts(app: Flask) -> None:
    make_series(app)
    make_date(app)
    sign_up(app)
    assert work(app) == 0
    (mail,) = written_mails(app)
    assert mail.subject == "Bitte bestätigen: Daueranmeldung zu Runder Tisch"
    with app.app_context():
        row = db.session.scalars(select(StandingSignUp)).one()
        db.session.expunge(row)
    for _press in range(2):
        with app.app_context(), transaction():
            standing.confirm(token(app, row), now=NOW)
    assert work(app) == 1


def test_known_address_gets_another_mail_and_keeps_its_details(app: Flask) -> None:
    make_series(app)
    make_date(app)
    make_standing(app)
    sign_up(app, first_name="Eve", last_name="Fremd")
    sign_up(app, first_name="Eve", last_name="Fremd")  # at most one mail an hour
    (mail,) = written_mails(app)
    assert mail.subject == "Ihre Daueranmeldung besteht bereits: Runder Tisch"
    with app.app_context():
        assert db.session.scalars(select(StandingSignUp.first_name)).all() == ["Anna"]


def test_sign_up_is_refused_where_it_is_off_or_unknown(app: Flask) -> None:
    make_date(app)
    with pytest.raises(RegistrationClosed):
        sign_up(app)
    with app.app_context(), transaction(), pytest.raises(NotFound):
        standing.sign_up("nix", StandingDraft(**ANNA, locale="de"), now=NOW)


@pytest.mark.parametrize("withdraws", [False, True])
def test_end_keeps_or_withdraws_what_is_coming(app: Flask, withdraws: bool) -> None:
    make_series(app)
    make_date(app)
    make_date(app, **PAST)
    row = make_standing(app)
    sign_up(app)
    work(app)
    with app.app_context(), transaction():
        found = standing.standing_from_token(token(app, row))
        assert found is not None
        assert standing.end(found, withdraws=withdraws, now=NOW) == int(withdraws)
    assert [status for _email, status in people(app)] == ["cancelled" if withdraws else "confirmed"]
    assert count(app, StandingSignUp) == count(app, StandingDate) == 0
    assert "standing" not in {mail.kind for mail in written_mails(app)}
    with app.app_context():
        assert standing.standing_from_token(token(app, row)) is None
        assert db.session.scalars(select(Registration.standing_id)).all() == [None]
        with pytest.raises(LinkRefused), transaction():
            standing.confirm(token(app, row), now=NOW)
    make_date(app)
    assert work(app) == 0


def test_corrected_address_has_to_be_confirmed_and_kills_old_links(app: Flask) -> None:
    make_series(app)
    make_date(app)
    row = make_standing(app)
    make_standing(app, email="other@example.org")

    def change(email: str) -> None:
        draft = StandingDraft(**{**ANNA, "locale": "en", "email": email})
        with app.app_context(), transaction():
            standing.change(SLUG, row.public_id, draft, now=NOW)

    with pytest.raises(UnfitInput):
        change("Other@example.org")
    change("neu@example.org")
    with app.app_context():
        assert standing.standing_from_token(token(app, row)) is None
    (mail,) = written_mails(app)
    assert mail.recipient == "neu@example.org"
    assert work(app) == 1
    assert people(app) == [("other@example.org", "confirmed")]


def test_sign_up_is_deleted_unconfirmed_or_unused(app: Flask) -> None:
    make_series(app)
    make_standing(app, email="a@example.org", confirmed_at=None)
    make_standing(app, email="b@example.org")
    attended = make_standing(app, email="c@example.org")
    event = make_date(app, starts_at=NOW + 200 * DAY, ends_at=NOW + 201 * DAY, state="dispatched")
    make_registration(app, event, standing_id=attended.id, attendance="attended")

    def left(days: int) -> list[str]:
        with app.app_context():
            with transaction():
                standing.delete_expired(NOW + days * DAY)
            return list(
                db.session.scalars(select(StandingSignUp.email).order_by(StandingSignUp.email))
            )

    assert left(6) == ["a@example.org", "b@example.org", "c@example.org"]
    assert left(8) == ["b@example.org", "c@example.org"]
    assert left(366) == ["c@example.org"]
    assert left(570) == []


def test_attendance_is_remembered_when_the_event_is_forgotten(app: Flask) -> None:
    make_series(app)
    row = make_standing(app, confirmed_at=NOW - 300 * DAY)
    event = make_date(app, **PAST, state="followed_up")
    make_registration(app, event, standing_id=row.id, attendance="attended")
    with app.app_context(), transaction():
        forget_event(event.slug, actor="system", now=NOW + 100 * DAY)
    with app.app_context(), transaction():
        standing.delete_expired(NOW + 100 * DAY)
        found = db.session.scalars(select(StandingSignUp)).one()
        assert found.attended_at == event.starts_at
        assert db.session.scalars(select(Registration.standing_id)).all() == [None]


def test_deleting_the_details_ends_the_sign_up_behind_them(app: Flask) -> None:
    make_series(app)
    row = make_standing(app)
    person = make_registration(app, make_date(app, **PAST), standing_id=row.id, email=ANNA["email"])
    with app.app_context():
        found = db.session.get_one(Registration, person.id)
        stored = data_of(found, now=NOW)["standing_sign_ups"]
        assert [each["series_slug"] for each in stored] == [SLUG]
        with transaction():
            forget_person(db.session.get_one(Registration, person.id), now=NOW)
    assert count(app, StandingSignUp) == 0

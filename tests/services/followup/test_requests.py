"""Materials on request: one row and one mail whoever presses when, and nothing left of anybody."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from ikone_events.domain.followup.requests import LINK_LIFE
from ikone_events.services.followup.requests import (
    Asking,
    ask_for_materials,
    delete_request,
    forget_due_requests,
    grant_all,
    grant_by_itself,
    grant_request,
    refuse_request,
)
from ikone_events.services.incoming.resending import Resent, retry_mails
from ikone_events.services.mails.undeliverable_addresses import is_marked, mark
from ikone_events.services.operating.retention import delete_expired, forget_event
from ikone_events.services.operating.verification import faults
from ikone_events.services.privacy.archiving import forget_person
from ikone_events.services.privacy.own_data import data_of
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.figures.counts import counts_of
from ikone_events.store.followup.requests import MaterialRequest, RequestCounts, requests_of
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.at_once import at_once
from tests.factories import NOW, PAST, make_event, make_material, make_registration, make_request
from tests.rows import count, written_mails

pytestmark = pytest.mark.both_databases
NORA = Asking(email="nora@example.org", organisation="Stadt Kusel", name="Nora Neu", locale="en")
BY = "Wilma Organisaria"


@pytest.fixture
def event(app: Flask) -> Event:
    """A past event with something for registered people."""
    event = make_event(app, state="followed_up", **PAST)
    make_material(app, event)
    return event


def do(app: Flask, act: Callable[[], object]) -> object:
    """Act as a request does."""
    with app.app_context():
        with transaction():
            result = act()
        db.session.remove()
        return result


def ask(app: Flask, event: Event, now: Any = NOW, asking: Asking = NORA) -> None:
    do(app, lambda: ask_for_materials(event.slug, asking, now=now))


def requests(app: Flask) -> list[MaterialRequest]:
    with app.app_context():
        return list(db.session.scalars(select(MaterialRequest).order_by(MaterialRequest.id)))


def counts(app: Flask, event: Event) -> RequestCounts:
    with app.app_context():
        return requests_of(db.session.get_one(Event, event.id))


def found_by_verify(app: Flask) -> list[str]:
    """Faults, but for the history that events of factories do not have."""
    with app.app_context():
        return [fault for fault in faults(NOW) if not fault.startswith("history: ")]


def test_same_address_at_once_becomes_one_request(app: Flask, event: Event) -> None:
    spelled = Asking(email="Nora@Example.org", organisation="Andere", name="", locale="de")
    at_once(lambda _number: ask(app, event), range(4))
    ask(app, event, asking=spelled)
    (stored,) = requests(app)
    assert (stored.email, stored.organisation_text, stored.state) == (
        "nora@example.org",
        "Stadt Kusel",
        "open",
    )


def test_presses_at_once_grant_once_with_one_mail(app: Flask, event: Event) -> None:
    request, other = make_request(app, event), make_request(app, event)

    def press(_number: int) -> None:
        do(app, lambda: grant_request(event.slug, request.public_id, actor=BY, now=NOW))
        do(app, lambda: grant_all(event.slug, actor=BY, now=NOW))

    at_once(press, range(4))
    assert [each.recipient for each in written_mails(app)] == [request.email, other.email]
    granted = requests(app)
    assert {each.granted_until for each in granted} == {NOW + LINK_LIFE}
    assert {each.decided_by for each in granted} == {BY}
    assert found_by_verify(app) == []


def test_automatic_grant_sends_the_link_at_once_in_the_persons_language(
    app: Flask, event: Event
) -> None:
    do(app, lambda: grant_by_itself(event.slug, granting=True))
    at_once(lambda _number: ask(app, event), range(3))
    (mail,), (request,) = written_mails(app), requests(app)
    assert (request.state, request.decided_by) == ("granted", "system")
    assert (mail.recipient, mail.locale, mail.recipient_name) == (NORA.email, "en", "Nora Neu")
    assert mail.text.startswith("Dear Nora Neu,")
    assert "http://localhost/materials/" in mail.text
    assert "/delete" in mail.text


def test_request_for_an_expired_link_waits_again(app: Flask, event: Event) -> None:
    before = NOW - timedelta(days=1)
    make_request(app, event, state="granted", email=NORA.email, granted_until=before)
    ask(app, event)
    (request,) = requests(app)
    assert (request.state, request.granted_until, request.asked_at) == ("open", None, NOW)
    assert written_mails(app) == []


def test_link_taken_back_stops_the_mail_that_has_not_left(app: Flask, event: Event) -> None:
    request = make_request(app, event)
    do(app, lambda: grant_request(event.slug, request.public_id, actor=BY, now=NOW))
    for _press in range(2):
        do(
            app,
            lambda: refuse_request(event.slug, request.public_id, notify=True, actor=BY, now=NOW),
        )
    (stored,), (link, refusal) = requests(app), written_mails(app)
    assert (stored.state, stored.link_epoch, stored.granted_until) == ("refused", 2, None)
    assert (link.state, refusal.state, refusal.kind) == ("stopped", "queued", "materials_refused")
    do(app, lambda: grant_request(event.slug, request.public_id, actor=BY, now=NOW))
    assert [each.state for each in written_mails(app)] == ["stopped", "queued", "queued"]


def left(app: Flask) -> list[str]:
    """What is left of a person in rows of requests and mails."""
    with app.app_context():
        rows = [
            db.session.execute(select(t.__table__)).all() for t in (MaterialRequest, OutboxMail)
        ]
    text = repr(rows).lower()
    return [word for word in ("nora", "kusel") if word in text]


def granted_nora(app: Flask, event: Event) -> MaterialRequest:
    ask(app, event)
    (request,) = requests(app)
    do(app, lambda: grant_request(event.slug, request.public_id, actor=BY, now=NOW))
    do(app, lambda: mark(NORA.email, code="5.1.1", words="Nora unknown", now=NOW))
    assert left(app) == ["nora", "kusel"]
    return request


def assert_forgotten(app: Flask, event: Event) -> None:
    assert left(app) == []
    assert counts(app, event) == RequestCounts(asked=1, granted=1)
    with app.app_context():
        assert not is_marked(NORA.email)
    assert found_by_verify(app) == []


def test_office_deletes_a_request(app: Flask, event: Event) -> None:
    request = granted_nora(app, event)
    do(app, lambda: delete_request(event.slug, request.public_id, now=NOW))
    assert_forgotten(app, event)


def test_archiving_forgets_who_asked(app: Flask, event: Event) -> None:
    granted_nora(app, event)
    later = NOW + timedelta(days=365)
    do(app, lambda: forget_event(event.slug, actor="system", now=later))
    assert_forgotten(app, event)


def test_person_with_the_same_address_is_forgotten_here_too(app: Flask, event: Event) -> None:
    granted_nora(app, event)
    person = make_registration(app, event, email=NORA.email, status="cancelled", first_name="No")
    do(app, lambda: forget_person(db.session.get_one(Registration, person.id), now=NOW))
    assert_forgotten(app, event)


@pytest.mark.parametrize(
    ("values", "days"),
    [
        ({"state": "granted", "granted_until": NOW}, 30),
        ({"state": "refused", "decided_at": NOW}, 30),
        ({"state": "open", "asked_at": NOW}, 90),
    ],
)
def test_clock_forgets_each_request_in_its_time(
    app: Flask, event: Event, values: dict[str, Any], days: int
) -> None:
    make_request(app, event, email=NORA.email, **values)
    due = NOW + timedelta(days=days)
    do(app, lambda: delete_expired(due - timedelta(seconds=1)))
    assert left(app) == ["nora", "kusel"]
    do(app, lambda: delete_expired(due))
    assert left(app) == []
    assert do(app, lambda: forget_due_requests(due)) == 0
    assert requests(app)[0].state == values["state"]


def test_forgotten_address_may_ask_anew(app: Flask, event: Event) -> None:
    request = granted_nora(app, event)
    do(app, lambda: delete_request(event.slug, request.public_id, now=NOW))
    ask(app, event)
    assert [each.state for each in requests(app)] == ["granted", "open"]


def test_own_data_contains_requests_of_the_same_address(app: Flask, event: Event) -> None:
    other = make_event(app, title="Anderer Termin", state="followed_up", **PAST)
    make_request(app, other, email=NORA.email, name="Nora Neu")
    person = make_registration(app, event, email=NORA.email)
    with app.app_context():
        data = data_of(db.session.get_one(Registration, person.id), now=NOW)
    (shown,) = data["requests_for_materials"]
    assert (shown["event"], shown["name"], shown["state"]) == ("Anderer Termin", "Nora Neu", "open")


def test_verify_finds_a_grant_without_its_mail(app: Flask, event: Event) -> None:
    make_request(app, event, state="granted")
    assert len(found_by_verify(app)) == 1


def test_participants_get_their_own_link_and_no_row(app: Flask, event: Event) -> None:
    make_registration(app, event, email=NORA.email)
    at_once(lambda _number: ask(app, event), range(3))
    (mail,) = written_mails(app)
    assert "/r/" in mail.text
    assert count(app, MaterialRequest) == 0


def test_counts_of_events_show_waiting_requests(app: Flask, event: Event) -> None:
    make_request(app, event), make_request(app, event), make_request(app, event, state="granted")
    with app.app_context():
        found = counts_of(db.session.get_one(Event, event.id))
    assert (found.material_requests, found.materials, found.handed_in) == (2, 1, 0)


def test_failed_mail_with_a_dead_link_is_not_sent_again(app: Flask, event: Event) -> None:
    request = make_request(app, event)
    do(app, lambda: grant_request(event.slug, request.public_id, actor=BY, now=NOW))

    def fail() -> None:
        db.session.execute(update(OutboxMail).values(state="failed"))

    def retry() -> object:
        found = db.session.get_one(Event, event.id)
        return retry_mails(found, actor=BY, now=NOW)

    do(app, fail)
    assert do(app, retry) == Resent(sent=1)
    do(app, fail)
    do(app, lambda: refuse_request(event.slug, request.public_id, notify=False, actor=BY, now=NOW))
    assert do(app, retry) == Resent(sent=0, untrue=1)


def test_later_press_sends_no_second_mail_and_makes_no_link_last_longer(
    app: Flask, event: Event
) -> None:
    request, later = make_request(app, event), NOW + timedelta(hours=2)
    do(app, lambda: grant_request(event.slug, request.public_id, actor=BY, now=NOW))
    do(app, lambda: grant_request(event.slug, request.public_id, actor="Eva", now=later))
    (stored,) = requests(app)
    assert (stored.granted_until, stored.decided_by) == (NOW + LINK_LIFE, BY)
    assert len(written_mails(app)) == 1

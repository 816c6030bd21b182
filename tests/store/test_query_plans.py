"""What a sign-up asks of the database never walks through everybody who is registered."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, text

from ikone_events.config import Settings
from ikone_events.domain.events.facts import Mode
from ikone_events.domain.registering.seating import Pool
from ikone_events.services.registering.expirations import events_to_update
from ikone_events.services.registering.seating import promote_waiting
from ikone_events.store import plain
from ikone_events.store.db import db, transaction
from ikone_events.store.events.queries import lock_event
from ikone_events.store.incoming.registration_search import (
    RegistrationOrder,
    RegistrationSearch,
    search_people,
)
from ikone_events.store.registering.availability import availabilities_of, get_availability
from tests.factories import NOW, make_event, make_mail, make_registration, make_settings
from tests.postgres import fresh_database
from tests.received import bounce, calendar_answer, receive

pytestmark = pytest.mark.both_databases

Statements = list[tuple[str, Any]]


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """A new database, not an emptied one: PostgreSQL plans by how large a table has become."""
    if request.param == "sqlite":
        yield ""
        return
    with fresh_database(laid=True) as url:
        yield url


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


@contextmanager
def heard(app: Flask) -> Iterator[Statements]:
    """Every question that is asked meanwhile, with its values."""
    statements: Statements = []

    def run(bind: Any, plan: Any, values: dict[str, Any], take: Any) -> Any:
        hear(None, None, plan.sql, plain._bound(plan, dict(values)))
        return plain_run(bind, plan, values, take)

    def hear(_connection: Any, _cursor: Any, words: str, values: Any, *_rest: Any) -> None:
        about = "registration" in words or "outbox_mail" in words
        if words.startswith(("SELECT", "UPDATE")) and about:
            statements.append((words, values))

    with app.app_context():
        engine: Engine = db.engine
    plain_run, plain._run = plain._run, run
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", hear)
        plain._run = plain_run


def plans(app: Flask, statements: Statements) -> dict[str, str]:
    """How the database would find the rows of each statement, if it had very many."""
    with app.app_context(), db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            connection.execute(text("SET enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
        found = {}
        for words, values in statements:
            rows = connection.exec_driver_sql(explain + words, values).all()
            found[words] = "\n".join(str(row[-1]) for row in rows)
        return found


@pytest.mark.parametrize(
    "rules",
    [
        {"capacity": None},
        {"capacity": 2},
        {"capacity": 9, "per_administration": 3},
        {"format": "hybrid", "capacity": 9, "capacity_online": 3, "capacity_on_site": 6},
    ],
)
def test_sign_up_finds_its_rows_by_index(app: Flask, rules: dict[str, Any]) -> None:
    workshop = make_event(app, **rules)
    make_registration(app, workshop)
    make_registration(app, workshop, status="waitlisted", waiting_order=1)
    visitor, path = app.test_client(), f"/events/{workshop.slug}/register"
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', visitor.get(path).text)
    assert token is not None
    form = {"first_name": "Eva", "last_name": "Muster", "organisation": "Trier", "mode": "online"}

    with heard(app) as statements:
        data = {**form, "email": "eva@example.org", "csrf_token": token[1]}
        assert visitor.post(path, data=data).status_code == 303

    found = plans(app, statements)
    scans = re.compile(r"SCAN registration|Seq Scan on registration")
    assert {words: plan for words, plan in found.items() if scans.search(plan)} == {}
    by_address = [plan for words, plan in found.items() if "email_key =" in words]
    assert len(by_address) == 2, "before the lock and behind it"
    assert all("uq_registration_active_address" in plan for plan in by_address)


def test_seats_are_known_without_counting(app: Flask) -> None:
    """The counters are read, whoever asks; nothing about registrations."""
    hybrid = {"format": "hybrid", "place": "Rathaus", "capacity": 9, "capacity_on_site": 3}
    events = [make_event(app, **rules) for rules in ({"capacity": 2}, hybrid)]
    for workshop in events:
        make_registration(app, workshop)
        make_registration(app, workshop, status="waitlisted", waiting_order=1, mode="on_site")
    with heard(app) as statements, app.app_context():
        one = [get_availability(workshop, NOW) for workshop in events]
        many = availabilities_of(events, NOW)
    assert statements == []
    assert one == [many[workshop.id] for workshop in events]
    assert [(each.seated, each.somebody_waits) for each in one] == [(1, True), (1, True)]
    assert one[1].pools == {Mode.ONLINE: Pool(None, 1), Mode.ON_SITE: Pool(3, 0, waiting=1)}


def test_next_of_a_waiting_list_is_found_by_index(app: Flask) -> None:
    """Neither all who wait are read, nor are they sorted."""
    workshop = make_event(app, capacity=2)
    for order in range(4):
        make_registration(app, workshop, status="waitlisted", waiting_order=order)

    with heard(app) as statements, app.app_context(), transaction():
        assert len(promote_waiting(lock_event(workshop.slug), now=NOW)) == 2

    asked = [(words, values) for words, values in statements if "ORDER BY" in words]
    found = {w: p for w, p in plans(app, asked).items() if "waiting_order, registration.id" in w}
    assert len(found) == 2  # who is next, and who is left
    for plan in found.values():
        assert "ix_registration_waiting" in plan
        assert not re.search("TEMP B-TREE|Sort", plan)


def test_worker_finds_what_lapses_by_index(app: Flask) -> None:
    """It asks at every tick, however many have ever registered."""
    make_registration(app, make_event(app), status="pending", awaits="address", reserved_until=NOW)

    with heard(app) as statements, app.app_context():
        events_to_update(NOW)

    held = [plan for words, plan in plans(app, statements).items() if "reserved_until" in words]
    assert len(held) == 1
    assert "ix_registration_reserved" in held[0]


def test_answers_and_bounces_find_their_mails_by_index(app: Flask) -> None:
    """Whoever knows the address of the mailbox decides how often that is asked."""
    person = make_registration(app, make_event(app), calendar_sequence=0)
    mail = make_mail(
        app, person, state="sent", sent_at=NOW, calendar_uid=person.calendar_uid,
        calendar_sequence=0,
    )  # fmt: skip

    with heard(app) as statements:
        receive(app, calendar_answer(person, "TENTATIVE"))
        receive(app, bounce(mail, lost=False))

    found = plans(app, statements)
    scans = re.compile(r"SCAN (registration|outbox_mail)|Seq Scan on (registration|outbox_mail)")
    assert {words: plan for words, plan in found.items() if scans.search(plan)} == {}
    used = "\n".join(found.values())
    for index in ("calendar_uid", "message_id"):
        assert f"ix_outbox_mail_{index}" in used


def test_people_come_in_the_order_of_names_by_index(app: Flask) -> None:
    """A page of a hundred thousand people costs no sorting of all."""
    event = make_event(app)
    make_registration(app, event)
    with heard(app) as statements, app.app_context():
        search_people(event, RegistrationSearch(order=RegistrationOrder.NAME), now=NOW)
    [plan] = [plan for words, plan in plans(app, statements).items() if "name_key, " in words]
    assert "ix_registration_event_name" in plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan

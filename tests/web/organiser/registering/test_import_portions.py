"""A long list is entered in portions: broken off anywhere, nobody is lost and nobody is double."""

import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_security.utils import login_user
from sqlalchemy import func, select

from ikone_events.config import Settings
from ikone_events.services.privacy.forgetting import drop_imports
from ikone_events.services.registering import new_registrations
from ikone_events.services.registering.lists.people_import import PORTION
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import Base, db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import ImportList, Registration
from ikone_events.web.organiser.registering import list_import
from ikone_events.web.organiser.registering.list_import import enter_list
from tests.factories import NOW, make_event, make_registration, make_settings
from tests.patience import PATIENCE
from tests.web.organiser.conftest import Browser, Person

pytestmark = pytest.mark.both_databases

LONG = 3 * PORTION - 5


class PulledPlug(Exception):
    """The process ends here."""


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


@pytest.fixture(autouse=True)
def patient_press(monkeypatch: pytest.MonkeyPatch) -> None:
    """A press of the button enters the whole list, on a busy machine too."""
    monkeypatch.setattr(list_import, "WORK_SECONDS", PATIENCE)


@pytest.fixture
def person(make_person: Callable[..., Person]) -> Person:
    return make_person()


@pytest.fixture
def team(person: Person, browser_of: Callable[[Person], Browser]) -> Browser:
    return browser_of(person)


def hand_in(browser: Browser, event: Event, number: int = LONG) -> str:
    """The path of the report on a long list."""
    lines = [f"P{n};Person;p{n}@example.org" for n in range(number)]
    content = "\n".join(["Vorname;Name;Mail", *lines]).encode()
    path = f"/organise/events/{event.slug}/registrations/import"
    answer = browser.post(path, {"file": (io.BytesIO(content), "lang.csv")})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


@contextmanager
def signed_in(app: Flask, person: Person) -> Iterator[None]:
    """What a request of this person has around it."""
    with app.test_request_context():
        login_user(db.session.get_one(Organiser, person.id))
        yield


def enter(app: Flask, person: Person, path: str, event: Event, **more: Any) -> None:
    """Work at a list as a press of the button does, whose time is not over unless given another."""
    more = {"clock": lambda: 0.0, "seconds": 5, **more}
    with signed_in(app, person):
        enter_list(event.slug, path.rpartition("/")[2], **more)


def first_names(app: Flask, event: Event) -> Counter[str]:
    with app.app_context():
        rows = db.session.scalars(
            select(Registration.first_name).where(Registration.event_id == event.id)
        )
        return Counter(rows)


def mails(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(OutboxMail)) or 0


def everybody(number: int = LONG) -> Counter[str]:
    return Counter(f"P{n}" for n in range(number))


def test_list_is_entered_in_portions_until_the_time_is_over(
    app: Flask, team: Browser, person: Person
) -> None:
    event = make_event(app, capacity=LONG - 1)
    path = hand_in(team, event)
    assert "Continue" in team.get(f"{path}?lang=en").text

    enter(app, person, path, event, seconds=0)
    page = team.get(f"{path}?lang=en").text
    assert first_names(app, event) == everybody(PORTION)
    assert f"{PORTION} of {LONG} are registered" in page
    assert f"{LONG - PORTION} people are still to come" in page

    make_registration(app, event, first_name="Z", email=f"p{LONG - 2}@example.org")
    page = team.post(f"{path}?lang=en", follow_redirects=True).text
    assert f"{LONG - 1} of {LONG} are registered" in page
    assert "whole list is through" in page
    assert ">Continue<" not in page
    refused = page.partition('id="refused-caption"')[2].partition("</table>")[0]
    assert f">{LONG}</th>" in refused
    assert first_names(app, event) == everybody() - Counter({f"P{LONG - 2}": 1}) + Counter("Z")
    assert mails(app) == LONG - 1
    with app.app_context():
        rows = db.session.scalars(select(ImportList.rows)).one()
    assert "p0@example.org" not in rows


def test_time_decides_how_many_portions_one_press_enters(
    app: Flask, team: Browser, person: Person
) -> None:
    event = make_event(app, capacity=None)
    path = hand_in(team, event)
    ticks, pauses = iter([0.0, 4.0, 5.0]), list[float]()

    enter(app, person, path, event, seconds=5, clock=lambda: next(ticks), rest=pauses.append)

    assert first_names(app, event) == everybody(2 * PORTION)
    assert len(pauses) == 1


@pytest.mark.parametrize(
    ("portions", "after"), [(0, PORTION - 1), (1, 0), (1, PORTION - 1), (2, 7)]
)
def test_broken_off_anywhere_it_goes_on_with_the_rest(
    app: Flask, team: Browser, person: Person, portions: int, after: int
) -> None:
    event = make_event(app, capacity=None)
    path = hand_in(team, event)
    with pulled_after(portions * PORTION + after), suppress(PulledPlug):
        enter(app, person, path, event, rest=lambda _seconds: None)

    assert first_names(app, event) == everybody(portions * PORTION)
    assert mails(app) == portions * PORTION
    enter(app, person, path, event, rest=lambda _seconds: None)
    assert first_names(app, event) == everybody()
    assert mails(app) == LONG


@contextmanager
def before_each_person(do: Callable[[], None]) -> Iterator[None]:
    """Do something before each person is stored."""

    def store(row: Base) -> None:
        if isinstance(row, Registration):
            do()
        insert(row)

    insert, new_registrations.insert_row = new_registrations.insert_row, store
    try:
        yield
    finally:
        new_registrations.insert_row = insert


@contextmanager
def pulled_after(people: int) -> Iterator[None]:
    """The work ends with the first person behind so many."""
    left = iter(range(people))

    def pull() -> None:
        if next(left, None) is None:
            raise PulledPlug

    with before_each_person(pull):
        yield


def test_others_sign_up_between_two_portions(app: Flask, team: Browser, person: Person) -> None:
    event = make_event(app, capacity=None)
    path = hand_in(team, event)
    between = list[Counter[str]]()

    def sign_up() -> None:
        with app.app_context(), transaction():
            register(event.slug, guest(), now=NOW)

    def rest(_seconds: float) -> None:
        if not between:
            other = threading.Thread(target=sign_up)
            other.start()
            other.join(timeout=PATIENCE)
            between.append(first_names(app, event))

    enter(app, person, path, event, rest=rest)

    assert between == [everybody(PORTION) + Counter(["Gast"])]
    assert first_names(app, event) == everybody() + Counter(["Gast"])


def test_waiting_sign_up_gets_the_lock_in_the_pause(
    app: Flask, team: Browser, person: Person
) -> None:
    event = make_event(app, capacity=None)
    path = hand_in(team, event)
    ready, served, names = threading.Event(), threading.Event(), list[Counter[str]]()

    def sign_up() -> None:
        ready.wait(PATIENCE)
        with app.app_context():
            with transaction():
                register(event.slug, guest(), now=NOW)
                rows = select(Registration.first_name).where(Registration.event_id == event.id)
                names.append(Counter(db.session.scalars(rows)))
            db.session.remove()
        served.set()

    other = threading.Thread(target=sign_up)
    other.start()
    with before_each_person(ready.set):
        enter(app, person, path, event, rest=lambda _seconds: served.wait(PATIENCE))
    other.join(timeout=PATIENCE)

    assert sum(names[0].values()) < LONG
    assert first_names(app, event) == everybody() + Counter(["Gast"])


def test_two_presses_at_once_enter_nobody_twice(app: Flask, team: Browser, person: Person) -> None:
    event = make_event(app, capacity=None)
    path = hand_in(team, event)
    presses = [
        threading.Thread(target=enter, args=(app, person, path, event)) for _press in range(2)
    ]
    for press in presses:
        press.start()
    for press in presses:
        press.join(timeout=PATIENCE)

    assert first_names(app, event) == everybody()
    assert mails(app) == LONG
    assert f"{LONG} of {LONG} are registered" in team.get(f"{path}?lang=en").text


def test_rest_of_a_list_can_be_dropped(app: Flask, team: Browser, person: Person) -> None:
    event = make_event(app, capacity=None)
    path = hand_in(team, event)
    enter(app, person, path, event, seconds=0)

    answer = team.post(f"{path}/drop?lang=en", follow_redirects=True)

    assert "stays registered" in answer.text
    assert first_names(app, event) == everybody(PORTION)
    assert team.post(path).status_code == 404


def test_refused_person_who_is_forgotten_is_in_no_list(
    app: Flask, team: Browser, person: Person
) -> None:
    event = make_event(app, capacity=None)
    path = hand_in(team, event)
    known = make_registration(app, event, email="P3@example.org")
    enter(app, person, path, event, seconds=0)

    with app.app_context(), transaction():
        drop_imports(known)

    assert team.get(path).status_code == 404


def guest() -> Applicant:
    """Somebody who registers meanwhile."""
    return Applicant(
        first_name="Gast", last_name="G", email="gast@example.org", organisation="", locale="de"
    )

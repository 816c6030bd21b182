"""What was prepared before the lock is not what is stored, if somebody was faster."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from ikone_events.domain.refusals import RegistrationClosed, UnfitInput
from ikone_events.services.registering.registrations import Preparation, prepare, register_all
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.current_event import get_current_event
from ikone_events.store.registering.models import Code, Registration
from tests.factories import NOW, make_event
from tests.services.registering.seats import (
    applicant,
    mail,
    mails,
    person,
    sign_up,
    statuses,
    write,
)

pytestmark = pytest.mark.both_databases


def prepared(app: Flask, event: Event, name: str, **changes: object) -> Preparation:
    with app.app_context():
        current = get_current_event(event.slug, NOW)
        return prepare(current, [applicant(f"{name}@example.org", **changes)])


def store(app: Flask, form: Preparation) -> str:
    def verb() -> str:
        slug = form.current.event.slug
        (status,) = register_all(slug, form.applicants, now=form.now, prepared=form)
        return status.value

    return write(app, verb)


def test_prepared_person_is_stored_as_prepared(app: Flask) -> None:
    event = make_event(app, capacity=1)
    form = prepared(app, event, "a")

    assert store(app, form) == "confirmed"

    assert mail(app, "a", "confirmation").text == form.drafts[0].mail.text  # type: ignore[union-attr]


def test_last_seat_that_went_meanwhile_is_given_once(app: Flask) -> None:
    event = make_event(app, capacity=1)
    form = prepared(app, event, "late")
    sign_up(app, event, "first")

    assert store(app, form) == "waitlisted"

    assert statuses(app, event) == {"first": "confirmed", "late": "waitlisted"}
    assert mails(app) == [("first", "confirmation"), ("late", "waitlist")]


def test_seat_that_became_free_meanwhile_is_given(app: Flask) -> None:
    event = make_event(app, capacity=1)
    sign_up(app, event, "first")
    form = prepared(app, event, "late")
    write(app, lambda: withdraw(person(app, "first").public_id, now=NOW))

    assert store(app, form) == "confirmed"

    assert mails(app)[-1] == ("late", "confirmation")


def test_event_that_changed_meanwhile_is_named_as_it_is_now(app: Flask) -> None:
    event = make_event(app, title="Alter Titel")
    form = prepared(app, event, "a")
    write(app, lambda: db.session.execute(update(Event).values(title="Neuer Titel")))

    store(app, form)

    found = mail(app, "a", "confirmation")
    assert "Neuer Titel" in found.text
    assert "Alter Titel" not in found.text
    assert b"Neuer Titel" in (found.calendar or b"")


def test_registration_that_closed_meanwhile_is_refused(app: Flask) -> None:
    event = make_event(app)
    form = prepared(app, event, "a")
    write(app, lambda: db.session.execute(update(Event).values(state="closed")))

    with pytest.raises(RegistrationClosed):
        store(app, form)

    assert statuses(app, event) == {}


def test_address_that_registered_meanwhile_is_reminded(app: Flask) -> None:
    event = make_event(app)
    form = prepared(app, event, "a")
    sign_up(app, event, "a")

    assert store(app, form) == "confirmed"

    assert statuses(app, event) == {"a": "confirmed"}
    assert mails(app) == [("a", "confirmation"), ("a", "repeat")]


def _withdraw(app: Flask) -> object:
    return write(app, lambda: withdraw(person(app, "a").public_id, now=NOW))


def _renew_links(app: Flask) -> object:
    return write(app, lambda: db.session.execute(update(Registration).values(link_epoch=2)))


@pytest.mark.parametrize(
    ("meanwhile", "kinds"),
    [
        (_withdraw, ["confirmation", "withdrawal", "confirmation"]),
        (_renew_links, ["confirmation", "repeat"]),
    ],
)
def test_reminder_is_composed_anew_if_the_known_registration_changed(
    app: Flask, meanwhile: Callable[[Flask], object], kinds: list[str]
) -> None:
    event = make_event(app)
    sign_up(app, event, "a")
    form = prepared(app, event, "a")
    meanwhile(app)

    store(app, form)

    assert [kind for _name, kind in mails(app)] == kinds
    if kinds[-1] == "repeat":
        assert mail(app, "a", "repeat").link_epoch == person(app, "a").link_epoch


def test_code_that_was_used_up_meanwhile_is_refused(app: Flask) -> None:
    event = make_event(app, by_code=True)
    code = Code(event_id=event.id, text="ABCDEFGHJK", uses=1, created_at=NOW)
    write(app, lambda: db.session.add(code))
    form = prepared(app, event, "late", code="ABCDEFGHJK")
    sign_up(app, event, "first", code="ABCDEFGHJK")

    with pytest.raises(UnfitInput):
        store(app, form)

    assert statuses(app, event) == {"first": "confirmed"}

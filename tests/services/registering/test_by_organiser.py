"""A press on a person: locked once, looked at once."""

from flask import Flask
from sqlalchemy import event as sqlalchemy_event

from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.services.registering.by_organiser import OrganiserRequest, press
from ikone_events.store.db import db
from tests.factories import NOW, make_event, make_registration
from tests.services.registering.seats import person, write


def test_press_reads_and_locks_once(app: Flask) -> None:
    eva = make_registration(app, make_event(app), email="eva@example.org")
    wish = OrganiserRequest(
        action=RegistrationAction.WITHDRAW, expected="confirmed", actor="anna@example.org", now=NOW
    )
    reads: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "FROM registration" in statement and "registration.public_id =" in statement:
            reads.append(statement)

    sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    write(app, lambda: press(eva.public_id, wish))
    sqlalchemy_event.remove(engine, "before_cursor_execute", note)

    assert len(reads) == 1
    gone = person(app, "eva")
    assert gone.status == Status.CANCELLED

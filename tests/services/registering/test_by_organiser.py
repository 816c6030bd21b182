"""A press on a person: locked once, looked at once."""

from flask import Flask

from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.services.registering.by_organiser import OrganiserRequest, press
from tests.factories import NOW, make_event, make_registration
from tests.services.registering.seats import person, write
from tests.web.visitor import Queries


def test_press_reads_and_locks_once(app: Flask) -> None:
    eva = make_registration(app, make_event(app), email="eva@example.org")
    wish = OrganiserRequest(
        action=RegistrationAction.WITHDRAW, expected="confirmed", actor="anna@example.org", now=NOW
    )
    with Queries(app) as queries:
        write(app, lambda: press(eva.public_id, wish))

    reads = ("FROM registration", "registration.public_id =")
    assert sum(all(part in each for part in reads) for each in queries.statements) == 1
    gone = person(app, "eva")
    assert gone.status == Status.CANCELLED

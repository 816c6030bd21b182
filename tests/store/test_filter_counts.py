"""The numbers beside the filters of the list, as its filters find people, on both databases."""

from pathlib import Path

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.domain.registering.status import RegistrationStatus
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.incoming.registration_counts import FilterCounts, filter_counts
from ikone_events.store.incoming.registration_search import RegistrationSearch, search_people
from tests.factories import NOW, make_event, make_organisation, make_registration, make_settings

pytestmark = pytest.mark.both_databases


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


@pytest.fixture
def event(app: Flask) -> Event:
    """An event with people of all sorts, most of them from Kusel, beside another one."""
    event, other = make_event(app), make_event(app)
    kusel = make_organisation(app, "Kreisverwaltung Kusel", key="kusel")
    sorts: list[dict[str, str]] = [
        *[{"partstat": answer} for answer in ("", "ACCEPTED", "DECLINED", "TENTATIVE", "")],
        *[{"attendance": "attended", "partstat": "ACCEPTED"}, {"attendance": "missed"}],
        *[{"status": "pending", "awaits": awaits} for awaits in ("", "address", "approval")],
        {"status": "cancelled", "partstat": "DECLINED"},
        *[{"status": status} for status in ("offered", "declined", "expired", "waitlisted")],
    ]
    for number, values in enumerate(sorts):
        body = kusel.id if number % 3 else None
        make_registration(app, event, organisation_id=body, email=f"p{number}@a.example", **values)
        make_registration(app, other, organisation_id=body, **values)
    with app.app_context(), transaction():
        for number in (1, 2, 10):
            key = f"p{number}@a.example"
            db.session.add(UndeliverableAddress(email_key=key, since=NOW, code="5.1.1", words="?"))
    return event


@pytest.mark.parametrize("rest", [{}, {"words": "kusel"}, {"administration": "kusel"}])
def test_numbers_are_those_that_the_filters_find(
    app: Flask, event: Event, rest: dict[str, str]
) -> None:
    def found(**values: str) -> int:
        return search_people(event, RegistrationSearch(**rest, **values), now=NOW).total

    def filter_of(status: RegistrationStatus) -> dict[str, str]:
        stored, _, awaits = status.value.partition(": ")
        return {"awaits": awaits} if awaits else {"status": stored}

    with app.app_context():
        # What chips set is no condition of their own numbers.
        wish = RegistrationSearch(**rest, status="cancelled", came="missed")
        counts = filter_counts(event, wish, now=NOW)
        statuses = [each for each in RegistrationStatus if each is not RegistrationStatus.NONE]
        wanted = FilterCounts(total=found(), unreached=found(answer="unreached"))
        wanted.undecided = search_people(event, RegistrationSearch(decision="yes"), now=NOW).total
        wanted.of_event = filter_counts(event, RegistrationSearch(), now=NOW).statuses
        wanted.statuses.update({each: found(**filter_of(each)) for each in statuses})
        answers = ("ACCEPTED", "TENTATIVE", "DECLINED", "none")
        wanted.answers.update({each: found(answer=each) for each in answers})
        sorts = ("attended", "missed", "unknown")
        wanted.attendance.update({each: found(came=each) for each in sorts})
        assert counts == wanted
    assert counts.total == sum(counts.statuses.values())
    assert counts.unreached
    assert sum(counts.of_event.values()) == 15

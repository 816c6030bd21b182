"""What strangers can not find out, and how often they may try."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Code, Registration
from tests.factories import NOW, FixedClock, make_event, make_registration, stored
from tests.own_fields import make_field
from tests.rows import count
from tests.shared_app import own_app
from tests.web.visitor import PERSON, colleague, outcome_of, sign_up, token_of

pytestmark = pytest.mark.slow

KNOWN, NEW = "bekannt@example.org", "neueste@example.org"
RULES = {
    "plain": {},
    "line": {"capacity": 1},
    "address": {"confirm_hours": 24},
    "approval": {"approval": True},
    "administration": {"per_administration": 1},
    "hybrid": {"format": "hybrid", "capacity_on_site": 1},
    "code": {"by_code": True},
    "unlimited": {"capacity": None},
}


def seen(visitor: FlaskClient, answer: TestResponse, page: TestResponse) -> list[object]:
    """All that somebody sees who has registered an address."""
    cookies = [
        (value.partition("=")[0], value.partition(";")[2])
        for value in answer.headers.getlist("Set-Cookie")
    ]
    headers = [(name, value) for name, value in answer.headers if name != "Set-Cookie"]
    with visitor.session_transaction() as session:
        kept = {name: value for name, value in session.items() if name != "csrf_token"}
    return [answer.status_code, headers, cookies, kept, page.status_code, page.text]


@pytest.mark.parametrize("rule", RULES)
def test_known_and_new_addresses_get_the_same(app: Flask, rule: str) -> None:
    def ask(address: str) -> list[object]:
        event = make_event(app, slug=f"e-{address[:7]}", title="T", **RULES[rule])
        for email in (KNOWN, "andere@example.org"):
            make_registration(app, event, email=email, mode="on_site")
        stored(app, Code(event_id=event.id, text="RATHAUS2026", created_at=NOW))
        visitor = app.test_client()
        answer = sign_up(visitor, event.slug, email=address, mode="on_site", code="Rathaus 2026")
        page = visitor.get(answer.location)
        shown = visitor.get(f"/events/{event.slug}")
        return [*seen(visitor, answer, page), shown.text]

    known, new = ask(KNOWN), ask(NEW)
    assert str(known).replace(KNOWN[:7], NEW[:7]) == str(new)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("known_first", [True, False])
def test_groups_with_known_and_new_addresses_get_the_same(
    app: Flask, rule: str, known_first: bool
) -> None:
    """Also where one place is left, so that the first one gets it."""

    def ask(address: str) -> list[object]:
        values = {"capacity": 3, **RULES[rule]}
        event = make_event(app, slug=f"e-{address[:7]}", title="T", **values)
        for email in (KNOWN, "andere@example.org"):
            make_registration(app, event, email=email, mode="on_site")
        stored(app, Code(event_id=event.id, text="RATHAUS2026", created_at=NOW))
        emails = [address, "neu@example.org"][:: 1 if known_first else -1]
        visitor, shared = app.test_client(), {"mode": "on_site", "code": "Rathaus 2026"}
        other = colleague(2, email=emails[1], mode="on_site")
        answer = sign_up(visitor, event.slug, email=emails[0], person="2", **shared, **other)
        assert answer.status_code == 303
        first = mails_to(app, event, "neu@example.org")[:1]
        return [*seen(visitor, answer, visitor.get(answer.location)), first]

    known, new = ask(KNOWN), ask(NEW)
    assert str(known).replace(KNOWN[:7], NEW[:7]) == str(new)


def mails_to(app: Flask, event: Event, email: str) -> list[str]:
    """The kinds of mails to somebody, in order."""
    with app.app_context():
        wanted = select(OutboxMail.kind).where(
            OutboxMail.event_id == event.id, OutboxMail.recipient == email
        )
        return list(db.session.scalars(wanted.order_by(OutboxMail.id)))


WORDS = (">Plätze frei", "Nur noch wenige Plätze frei", "Alle Plätze vergeben")
SAME = ["BEKANNT@Example.ORG", " bekannt@example.org ", "bekannt@example.org"]


@pytest.mark.parametrize("typed", SAME)
def test_same_person_in_other_mails(app: Flask, typed: str) -> None:
    event = make_event(app)
    make_registration(app, event, email=KNOWN)
    sign_up(app.test_client(), event.slug, email=typed)
    assert count(app, Registration) == 1


@pytest.mark.parametrize("typed", ["a@xn--brgermeister-dlb.de", "A@BÜRGERMEISTER.DE"])
def test_same_person_under_both_names_of_a_domain(app: Flask, typed: str) -> None:
    event = make_event(app)
    for email in ("a@bürgermeister.de", typed):
        assert sign_up(app.test_client(), event.slug, email=email).status_code == 303
    assert count(app, Registration) == 1


def test_page_of_the_event_does_not_count_along(app: Flask) -> None:
    """Nobody learns from the figure or the ETag whether an address was new."""
    event = make_event(app, capacity=40)
    make_registration(app, event, email=KNOWN)
    visitor, tags = app.test_client(), set()
    for address in ("erste@example.org", KNOWN, NEW):
        sign_up(app.test_client(), event.slug, email=address)
        page = visitor.get(f"/events/{event.slug}")
        tags.add((page.headers["ETag"], page.text))
        assert not re.search(r"\b(39|38|37)\b", page.text)
    assert len(tags) == 1


def test_places_are_shown_in_steps(app: Flask) -> None:
    event = make_event(app, capacity=24)

    path, steps = f"/events/{event.slug}", []
    for number in (0, 13, 1, 9, 1):
        for _person in range(number):
            make_registration(app, event)
        with app.app_context(), transaction():
            lock_event(event.slug)
        text = app.test_client().get(path).text
        steps.append(next(word for word in WORDS if word in text))
    free, few, taken = WORDS
    assert steps == [free, free, few, few, taken]


def test_full_choice_is_shown_to_known_and_new_alike(app: Flask) -> None:
    event = make_event(app)
    field = make_field(
        app,
        event,
        key="was",
        kind="one_choice",
        choices=[{"value": "a", "label": "Turm", "places": 1}],
    )
    assert field.id
    sign_up(app.test_client(), event.slug, email=KNOWN, f_was="a")
    answers = [
        sign_up(app.test_client(), event.slug, email=email, f_was="a") for email in (KNOWN, NEW)
    ]
    assert [answer.status_code for answer in answers] == [422, 422]


@pytest.fixture
def limited(tmp_path_factory: pytest.TempPathFactory, clock: FixedClock) -> Iterator[Flask]:
    """An application that counts what strangers send."""
    with own_app(tmp_path_factory.mktemp("limited"), clock, rate_limits=True) as app:
        yield app


def asks_to_wait(answer: TestResponse) -> None:
    assert (answer.status_code, outcome_of(answer)) == (429, "busy")
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert "Ihre Eingaben bleiben erhalten" in answer.text
    assert re.search(r"Bitte warten Sie \d+ (Sekunden|Minuten)", answer.text)
    assert PERSON["question"] in answer.text, "nothing typed is lost"


def tries(app: Flask, address: Callable[[int], str], slug: str, times: int) -> list[int]:
    return [
        sign_up(app.test_client(), slug, email=address(number)).status_code
        for number in range(times)
    ]


@pytest.mark.parametrize("known", [True, False])
def test_address_is_registered_ten_times_an_hour_at_most(limited: Flask, known: bool) -> None:
    event = make_event(limited, capacity=None)
    if known:
        make_registration(limited, event, email=KNOWN)
    spellings = (KNOWN, KNOWN.upper(), f" {KNOWN}")
    assert tries(limited, lambda n: spellings[n % 3], event.slug, 10) == [303] * 10
    asks_to_wait(sign_up(limited.test_client(), event.slug, email=KNOWN))
    assert sign_up(limited.test_client(), event.slug, email=NEW).status_code == 303
    assert count(limited, OutboxMail) == (2 if known else 3), "one reminder an hour is enough"


def test_colleagues_count_by_their_own_addresses(limited: Flask) -> None:
    event = make_event(limited)
    assert tries(limited, lambda _n: "kollege2@example.org", event.slug, 10) == [303] * 10
    answer = sign_up(limited.test_client(), event.slug, person="2", **colleague(2))
    asks_to_wait(answer)
    assert "Kollege2" in answer.text


def test_network_may_guess_sixty_codes_a_minute(limited: Flask) -> None:
    event = make_event(limited, by_code=True)
    client = limited.test_client()
    token = token_of(client.get(f"/events/{event.slug}/register"))
    data = {**PERSON, "csrf_token": token}
    for number in range(60):
        entries = {**data, "code": f"RATEN{number}", "email": f"a{number}@example.org"}
        assert client.post(f"/events/{event.slug}/register", data=entries).status_code == 422
    asks_to_wait(client.post(f"/events/{event.slug}/register", data={**data, "code": "RATEN"}))

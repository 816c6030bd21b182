"""The page of what came back, its marks elsewhere, and who may tick it off."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.incoming.mails import IncomingOutcome, Method
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import IncomingMail, UndeliverableAddress
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, make_mail, make_registration
from tests.received import absence, bounce, calendar_answer, receive
from tests.rows import received_mails
from tests.web.organiser.conftest import Browser
from tests.web.visitor import Queries

PATH = "/organise/events/workshop/mail/returned"
EVIL = "<script>alert(1)</script> & Grüße"


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(app, slug="workshop")


@pytest.fixture
def person(app: Flask, event: Event) -> Registration:
    """Somebody whose invitation a mail server took."""
    return make_registration(
        app, event, first_name="Maria", last_name="Muster", email="maria@example.org",
        calendar_sequence=0, calendar_method="REQUEST",
    )  # fmt: skip


@pytest.fixture
def outbox_mail(app: Flask, person: Registration) -> OutboxMail:
    return make_mail(
        app, person, state="sent", sent_at=NOW, calendar_uid=person.calendar_uid,
        calendar_sequence=0,
    )  # fmt: skip


def test_answers_are_counted_and_shown_with_their_words(
    app: Flask, team: Browser, event: Event, person: Registration, outbox_mail: OutboxMail
) -> None:
    make_registration(app, event)
    receive(app, calendar_answer(person, "TENTATIVE", comment=EVIL))
    page = team.get(PATH).text
    assert "Vielleicht" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Grüße" in page
    assert "<script>alert" not in page
    assert "Braucht" not in page, "nothing is odd about it"
    for path in ("", f"/{person.public_id}"):
        assert "Vielleicht" in team.get(f"/organise/events/workshop/registrations{path}").text


@pytest.mark.usefixtures("outbox_mail")
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sender": "kai@example.com", "attendee": "kai@example.com"}, "Von einer anderen Adresse"),
        ({"partstat": "DELEGATED"}, "Möchte jemand anderen schicken"),
        (
            {"method": Method.COUNTER, "proposed_starts_at": NOW},
            "Schlägt einen anderen Zeitpunkt vor</strong>: Mo., 2.\xa0März\xa02026, 10:00\xa0Uhr",
        ),
    ],
)
def test_odd_answer_stands_first_until_somebody_has_looked(
    app: Flask,
    team: Browser,
    person: Registration,
    values: dict[str, object],
    words: str,
) -> None:
    receive(app, calendar_answer(person, **values))
    assert "sollten Sie sich ansehen: 1." in team.get("/organise/").text
    page = team.get(PATH).text
    assert words in page
    assert 'id="eyes-caption"' in page
    [mail] = received_mails(app)
    for _press in range(2):
        assert team.post(f"{PATH}/{mail.id}/done").status_code == 303
    assert received_mails(app)[0].seen_by == "Wilma Organisaria"
    page = team.get(PATH).text
    assert 'id="eyes-caption"' not in page
    assert words in page, "it stays among everything"
    assert "sollten Sie sich ansehen" not in team.get("/organise/").text


def test_bounced_mails_are_urgent_and_listed_once(
    app: Flask, team: Browser, event: Event, person: Registration, outbox_mail: OutboxMail
) -> None:
    second = make_registration(app, event)
    make_mail(app, second, state="failed", answer="550")
    other = make_mail(app, make_registration(app, event), state="sent", sent_at=NOW)
    again = make_mail(app, person, state="sent", sent_at=NOW)
    receive(app, bounce(outbox_mail))
    receive(app, bounce(again))
    board = team.get("/organise/").text
    assert "Eine Einladung zu" in board, "two e-mails, one person"
    receive(app, bounce(other))
    board = team.get("/organise/").text
    assert "2 Einladungen zu" in board
    assert "Nicht zugestellte E-Mails zu" in board, "the one that was refused at once"
    listed = team.get("/organise/events/workshop/registrations").text
    assert listed.count("kommen zurück</span>") == 2
    only = team.get("/organise/events/workshop/registrations?answer=unreached").text
    assert person.email in only
    assert second.email not in only
    assert "no such user here" in team.get(PATH).text


def test_address_that_works_again_loses_its_mark(
    app: Flask, team: Browser, person: Registration, outbox_mail: OutboxMail
) -> None:
    receive(app, bounce(outbox_mail))
    path = f"/organise/events/workshop/registrations/{person.public_id}"
    page = team.get(path).text
    assert "Die Adresse funktioniert wieder" in page
    assert "Zurückgekommen" in team.get(f"/organise/events/workshop/mail/{outbox_mail.id}").text
    for _press in range(2):
        assert team.post(f"{path}/works-again").status_code == 303
    assert "Die Adresse funktioniert wieder" not in team.get(path).text
    with app.app_context():
        assert db.session.scalars(select(UndeliverableAddress)).all() == []


def test_absence_is_a_note_at_the_person(
    app: Flask, team: Browser, person: Registration, outbox_mail: OutboxMail
) -> None:
    receive(app, absence(outbox_mail, words="Bin im Urlaub."))
    page = team.get(f"/organise/events/workshop/registrations/{person.public_id}").text
    assert "Automatische Antwort" in page
    assert "Bin im Urlaub." in page
    assert "sollten Sie sich ansehen" not in team.get("/organise/").text


def test_mail_of_another_event_can_not_be_ticked_off(
    app: Flask, team: Browser, person: Registration, outbox_mail: OutboxMail
) -> None:
    make_event(app, slug="other")
    receive(app, calendar_answer(person, "DELEGATED"))
    [mail] = received_mails(app)
    assert team.post(f"/organise/events/other/answers/{mail.id}/done").status_code == 404
    assert team.post(f"{PATH}/99999/done").status_code == 404
    assert received_mails(app)[0].seen_at is None


def test_viewer_sees_answers_and_ticks_nothing_off(
    app: Flask,
    make_person: Callable[..., object],
    browser_of: Callable[[object], Browser],
    person: Registration,
    outbox_mail: OutboxMail,
) -> None:
    receive(app, calendar_answer(person, "DELEGATED"))
    viewer = browser_of(make_person("lea@example.org", "viewer"))
    page = viewer.get(PATH).text
    assert "Möchte jemand anderen schicken" in page
    assert "/done" not in page
    [mail] = received_mails(app)
    assert viewer.post(f"{PATH}/{mail.id}/done").status_code == 403
    path = f"/organise/events/workshop/registrations/{person.public_id}/works-again"
    assert viewer.post(path).status_code == 403


def test_what_belongs_to_no_event_is_for_those_who_see_all(
    app: Flask,
    team: Browser,
    stranger: Browser,
    person: Registration,
) -> None:
    assert "gehören" not in team.get("/organise/").text
    found = calendar_answer(person, uid="guessed", sender="evil@example.com", comment=EVIL)
    assert receive(app, found) is IncomingOutcome.UNKNOWN
    assert "/organise/settings/mailbox" in team.get("/organise/").text
    page = team.get("/organise/settings/mailbox").text
    assert "evil@example.com" in page
    assert "<script>alert" not in page
    assert stranger.get("/organise/settings/mailbox").status_code == 403
    assert "/organise/settings/mailbox" not in stranger.get("/organise/").text


def test_list_is_narrowed_by_the_answer(app: Flask, team: Browser, event: Event) -> None:
    people = {
        partstat: make_registration(app, event, partstat=partstat)
        for partstat in ("ACCEPTED", "DECLINED", "")
    }
    for wish, found in (("ACCEPTED", "ACCEPTED"), ("DECLINED", "DECLINED"), ("none", "")):
        page = team.get(f"/organise/events/workshop/registrations?answer={wish}").text
        shown = {name for name, each in people.items() if each.email in page}
        assert shown == {found}
    page = team.get("/organise/events/workshop/registrations?answer=nonsense").text
    assert all(each.email in page for each in people.values())
    for words in ("Kommt", "Kommt nicht", "Keine Antwort"):
        assert f"{words} <b>1</b>" in page
    assert "Vielleicht" not in page


def test_export_shows_the_answer_and_its_moment(
    app: Flask, team: Browser, person: Registration, outbox_mail: OutboxMail
) -> None:
    receive(app, calendar_answer(person, "DECLINED"))
    later = NOW + timedelta(minutes=30)
    receive(app, calendar_answer(person, "ACCEPTED", received_at=later))
    rows = json.loads(team.get("/organise/events/workshop/registrations.json").text)
    assert rows[0]["calendar_answer"] == "accepted"
    assert rows[0]["answered_at"] == "2026-03-02T10:30:00+01:00"


def queries(app: Flask, browser: Browser, path: str) -> int:
    """How many statements a page asks for."""
    with Queries(app) as asked:
        assert browser.get(path).status_code == 200
    return len(asked)


def test_pages_ask_as_much_for_many_answers_as_for_few(
    app: Flask, team: Browser, event: Event
) -> None:
    def fill(number: int) -> None:
        for _each in range(number):
            someone = make_registration(app, event, calendar_sequence=0)
            sent = make_mail(app, someone, state="sent", sent_at=NOW)
            receive(app, calendar_answer(someone))
            receive(app, calendar_answer(someone, "DELEGATED"))
            receive(app, bounce(sent))
            receive(app, calendar_answer(someone, uid="guessed"))

    paths = (
        PATH,
        "/organise/settings/mailbox",
        "/organise/",
        "/organise/events/workshop/registrations",
    )
    fill(1)
    few = [queries(app, team, path) for path in paths]
    fill(6)
    assert [queries(app, team, path) for path in paths] == few


def test_answer_that_nobody_asked_about_hides_no_page(app: Flask, team: Browser) -> None:
    """Rows from an older or newer program must not stop a page."""
    event = make_event(app, slug="odd")
    with app.app_context(), transaction():
        db.session.add(
            IncomingMail(
                digest="odd", kind="answer", outcome="taken", event_id=event.id,
                partstat="IN-PROCESS", received_at=NOW,
            )
        )  # fmt: skip
    assert "IN-PROCESS" in team.get("/organise/events/odd/mail/returned").text

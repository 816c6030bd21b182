"""The flight recorder: mailings with their figures, the journey of a mail, all of a person."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from ikone_events.services.mails.delivery_log import add_note
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Heartbeat, Mailing, OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import (
    NOW,
    make_contact,
    make_event,
    make_heartbeat,
    make_mail,
    make_mailing,
    make_registration,
    make_subscriber,
)
from tests.web.organiser.conftest import Browser, Person
from tests.web.visitor import Queries

STATES = ("sent", "failed", "queued", "stopped")


def fill(app: Flask, event: Event, mailing: int, **numbers: int) -> list[OutboxMail]:
    return [
        make_mail(
            app, make_registration(app, event), mailing_id=mailing, kind="access_link", state=state
        )
        for state, number in numbers.items()
        for _ in range(number)
    ]


def test_mailing_shows_what_became_of_it(app: Flask, team: Browser) -> None:
    event = make_event(app)
    fill(app, event, make_mailing(app, event, started_by="Wilma").id, sent=3, failed=1)

    page = team.get(f"/organise/events/{event.slug}/mail/sent?lang=en").text

    assert "3 of 4 e-mails delivered, 1 failed" in page
    assert "/stop" not in page
    german = team.get(f"/organise/events/{event.slug}/mail/sent?lang=de").text
    assert "3 von 4 E-Mails zugestellt, 1 fehlgeschlagen" in german


def test_running_mailing_is_stopped_and_goes_on(app: Flask, team: Browser) -> None:
    event = make_event(app)
    mailing = make_mailing(app, event).id
    fill(app, event, mailing, sent=3, queued=2)
    base = f"/organise/events/{event.slug}"
    assert f"{base}/mailings/{mailing}/stop" in team.get(f"{base}/mail/sent").text

    answer = team.post(f"{base}/mailings/{mailing}/stop?lang=en", follow_redirects=True)

    assert "Stopped: 3 of 5 e-mails have gone, 2 are held back." in answer.text
    assert "stopped by Wilma Organisaria: 2 held back" in answer.text
    assert team.post(f"{base}/mailings/{mailing}/stop").status_code == 303
    answer = team.post(f"{base}/mailings/{mailing}/resume?lang=en", follow_redirects=True)
    assert "2 e-mails are being sent." in answer.text
    assert "2 waiting to be sent" in answer.text


def test_failed_mails_of_one_mailing_are_sent_again(app: Flask, team: Browser) -> None:
    event = make_event(app)
    mailing, other = make_mailing(app, event).id, make_mailing(app, event).id
    mine = fill(app, event, mailing, failed=2, sent=1)
    foreign = fill(app, event, other, failed=1)
    path = f"/organise/events/{event.slug}/mailings/{mailing}/retry"
    assert path in team.get(f"/organise/events/{event.slug}/mail/sent").text

    answer = team.post(f"{path}?lang=en", follow_redirects=True)

    assert "2 e-mails are being sent again." in answer.text
    with app.app_context():
        states = [db.session.get_one(OutboxMail, row.id).state for row in (*mine, *foreign)]
    assert states == ["queued", "queued", "sent", "failed"]


def test_own_messages_are_distinguished_by_their_subjects(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    for subject in ("Parken am Rathaus", "Mittagessen"):
        make_mail(app, person, kind="note", subject=subject)
    make_mail(app, person, kind="waitlist", subject="Warteliste: Workshop")
    page = team.get(f"/organise/events/{event.slug}/mail/sent?lang=en").text
    rows = re.findall(r'<th scope="row"><a [^>]*>([^<]*)<.*?</th>', page)
    assert rows == ["Waiting list notice", "Mittagessen", "Parken am Rathaus"]
    assert page.count('<span class="muted small">Message of the organisers</span>') == 2


def test_mailing_that_is_through_is_not_called_stopped(app: Flask, team: Browser) -> None:
    event = make_event(app)
    mailing = make_mailing(app, event).id
    fill(app, event, mailing, sent=2)
    path = f"/organise/events/{event.slug}/mailings/{mailing}/stop?lang=en"
    answer = team.post(path, follow_redirects=True)
    assert "all e-mails have gone" in answer.text


def test_stopping_is_for_those_who_may(
    app: Flask, team: Browser, viewer: Browser, stranger: Browser
) -> None:
    event, other = make_event(app), make_event(app)
    mailing = make_mailing(app, event).id
    fill(app, event, mailing, queued=1)
    for press in ("stop", "resume", "retry"):
        path = f"/organise/events/{event.slug}/mailings/{mailing}/{press}"
        assert viewer.post(path).status_code == 403
        assert stranger.post(path).status_code == 404
        foreign = f"/organise/events/{other.slug}/mailings/{mailing}/{press}"
        assert team.post(foreign).status_code == 404
    with app.app_context():
        assert db.session.get_one(Mailing, mailing).stopped_at is None


def test_mails_are_found_by_recipient_state_kind_and_mailing(app: Flask, team: Browser) -> None:
    event = make_event(app)
    mailing = make_mailing(app, event).id
    rows = fill(app, event, mailing, sent=1, failed=1, stopped=1)
    late = make_mail(app, make_registration(app, event), tries=1, answer="450 later")
    base = f"/organise/events/{event.slug}/mail/sent?lang=en"

    def shown(query: str) -> set[int]:
        page = team.get(base + query).text
        return {row.id for row in (*rows, late) if f"/mail/{row.id}" in page}

    assert shown("") == {row.id for row in (*rows, late)}
    assert shown("&state=failed") == {rows[1].id}
    assert shown("&state=stopped") == {rows[2].id}
    assert shown("&state=deferred") == {late.id}
    assert shown("&kind=confirmation") == {late.id}
    assert shown(f"&mailing={mailing}") == {row.id for row in rows}
    assert shown(f"&q={rows[0].recipient}") == {rows[0].id}
    assert shown("&q=niemand") == set()
    assert shown("&state=nonsense&mailing=x&kind=%27") == set()


def test_log_costs_as_many_queries_for_many_mails_as_for_few(app: Flask, team: Browser) -> None:
    few, many = make_event(app), make_event(app)
    fill(app, few, make_mailing(app, few).id, sent=1)
    for _ in range(4):
        fill(app, many, make_mailing(app, many).id, sent=4, failed=2)
    team.get("/organise/")

    with Queries(app) as first:
        team.get(f"/organise/events/{few.slug}/mail/sent")
    with Queries(app) as second:
        team.get(f"/organise/events/{many.slug}/mail/sent")

    assert len(second) == len(first)


def test_mail_shows_its_journey_in_order(app: Flask, team: Browser) -> None:
    event = make_event(app)
    mail = make_mail(
        app, make_registration(app, event), state="sent", sent_at=NOW + timedelta(hours=2)
    )
    with app.app_context(), transaction():
        add_note(mail.id, "deferred", now=NOW + timedelta(minutes=1), words="451 <b>Greylisted</b>")
        add_note(mail.id, "stopped", now=NOW + timedelta(minutes=2), actor="Wilma")
        add_note(mail.id, "resumed", now=NOW + timedelta(minutes=3), actor="Wilma")

    page = team.get(f"/organise/events/{event.slug}/mail/{mail.id}?lang=en").text

    steps = ["Written and queued", "Sent back for a later try", "Stopped together with the others"]
    steps += ["Resumed together with the others", "Taken by the mail server"]
    places = [page.rindex(step) for step in steps]
    assert places == sorted(places)
    assert "451 &lt;b&gt;Greylisted&lt;/b&gt;" in page


def test_html_of_a_mail_has_no_link_that_acts(app: Flask, team: Browser) -> None:
    event = make_event(app)
    html = '<p><a href="http://localhost/r/secret.token/room">Zum Raum</a></p>'
    mail = make_mail(app, make_registration(app, event), html=html)

    answer = team.get(f"/organise/events/{event.slug}/mail/{mail.id}/html")

    assert "secret.token" not in answer.text
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_address_of_a_failed_mail_is_corrected_and_the_mail_sent_again(
    app: Flask, team: Browser
) -> None:
    event = make_event(app)
    person = make_registration(app, event, email="maria@exmaple.org")
    mail = make_mail(app, person, state="failed", answer="550 no such domain")
    path = f"/organise/events/{event.slug}/mail/{mail.id}"
    assert 'value="maria@exmaple.org"' in team.get(path).text

    assert team.post(f"{path}/correct", {"email": "kein Postfach"}).status_code == 422
    assert team.post(f"{path}/correct", {"email": "maria@example.org"}).status_code == 303

    with app.app_context():
        row = db.session.get_one(OutboxMail, mail.id)
        assert (row.state, row.recipient) == ("queued", "maria@example.org")
        assert db.session.get_one(Registration, person.id).email == "maria@example.org"
    page = team.get(f"{path}?lang=en").text
    assert "Address corrected" in page
    assert "Wilma Organisaria" in page
    assert team.post(f"{path}/correct", {"email": "maria@example.org"}).status_code == 404


def test_person_is_shown_with_all_their_mails(app: Flask, team: Browser) -> None:
    event = make_event(app)
    long = "von und zu " + "Verbandsgemeindeverwaltungsangestellte" * 2
    person = make_registration(
        app, event, last_name=long, question="Was <i>kostet</i> das?", partstat="DECLINED"
    )
    mails = [make_mail(app, person, state=state) for state in STATES]
    other = make_mail(app, make_registration(app, event))
    path = f"/organise/events/{event.slug}/registrations/{person.public_id}"

    page = team.get(f"{path}?lang=en").text

    assert long in page
    assert "Was &lt;i&gt;kostet&lt;/i&gt; das?" in page
    assert "Not coming" in page
    assert all(f"/mail/{mail.id}" in page for mail in mails)
    assert f"/mail/{other.id}" not in page
    assert path in team.get(f"/organise/events/{event.slug}/registrations").text


@pytest.mark.parametrize("part", ["registrations/{person}", "mail/{mail}", "mail/{mail}/html"])
def test_people_and_mails_of_other_events_are_not_found(
    app: Flask, team: Browser, stranger: Browser, part: str
) -> None:
    event, other = make_event(app), make_event(app)
    person = make_registration(app, event)
    mail = make_mail(app, person)
    part = part.format(person=person.public_id, mail=mail.id)
    assert team.get(f"/organise/events/{event.slug}/{part}").status_code == 200
    assert team.get(f"/organise/events/{other.slug}/{part}").status_code == 404
    assert stranger.get(f"/organise/events/{event.slug}/{part}").status_code == 404


def test_waiting_mails_are_sent_at_once_on_request(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    mail = make_mail(app, person, due_at=NOW + timedelta(hours=1), answer="421 down")
    make_heartbeat(app, refusals=3, retry_at=NOW + timedelta(hours=1))
    page = team.get(f"/organise/events/{event.slug}/mail/sent")
    assert "jetzt senden" in page.text

    answer = team.post(f"/organise/events/{event.slug}/mail/now")

    assert answer.status_code == 303
    with app.app_context():
        assert db.session.get_one(OutboxMail, mail.id).due_at == NOW
        assert db.session.query(Heartbeat).one().retry_at is None
    assert "jetzt senden" not in team.get(f"/organise/events/{event.slug}/mail/sent").text


@pytest.mark.parametrize("role", ["organiser", "viewer"])
def test_readers_of_announcements_are_shown_to_those_who_may_see_them(
    app: Flask,
    team: Browser,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
    role: str,
) -> None:
    event = make_event(app)
    person, path = make_registration(app, event), f"/organise/events/{event.slug}/mail"
    readers = {"contact_id": make_contact(app).id}, {"subscriber_id": make_subscriber(app).id}
    mails = [
        make_mail(
            app, person, registration_id=None, recipient="geheim@example.org", state="failed", **one
        )
        for one in readers
    ]
    limited = browser_of(make_person("nur@example.org", role, only=(event.slug,)))
    assert "geheim@example.org" in team.get(f"{path}/sent").text
    assert "geheim@example.org" not in limited.get(f"{path}/sent").text
    for mail in mails:
        assert team.get(f"{path}/{mail.id}").status_code == 200
        one = f"{path}/{mail.id}"
        assert {limited.get(page).status_code for page in (one, f"{one}/html")} == {404}
        posts = {limited.post(f"{one}/{what}").status_code for what in ("retry", "correct")}
        assert posts == {404 if role == "organiser" else 403}


def test_waiting_mail_says_that_the_mail_server_takes_none_and_today_leads_on(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> None:
    event = make_event(app)
    waiting = make_mail(app, make_registration(app, event), state="queued")
    made = make_mail(app, make_registration(app, event), state="sent")
    since = NOW - timedelta(minutes=7)
    make_heartbeat(app, refused_at=since, refusal="421 come back later")
    path, reason = f"/organise/events/{event.slug}/mail", "The mail server is not accepting e-mails"
    for role, may_see in (("admin", True), ("viewer", False)):
        browser = browser_of(make_person(f"{role}@example.org", role))
        page = browser.get(f"{path}/sent?lang=en").text
        assert page.count(reason) == 2
        assert "has taken nothing from us for 7 minutes: “421 come back later”" in page
        for part in (page, browser.get("/organise/?lang=en").text):
            listed = part[part.index("<main") :]
            assert ('href="/organise/settings/mailbox"' in listed) is may_see
            assert ("Open mailbox" in listed) is may_see
        assert reason in browser.get(f"{path}/{waiting.id}").text
        assert reason not in browser.get(f"{path}/{made.id}").text

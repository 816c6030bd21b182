"""Mails to many: written, looked at, sent at once or at their time."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, MailText, OutboxMail
from ikone_events.store.plan.models import Step
from tests.factories import NOW, FixedClock, make_event, make_organisation, make_registration
from tests.rows import work
from tests.web.organiser.conftest import Browser

FORM = {
    "title": "Raumwechsel",
    "audience": "confirmed",
    "organisation": "",
    "subject_de": "Neuer Raum: {{titel}}",
    "body_de": "Wir treffen uns in **Saal 2**.\n\nBitte kommen Sie pünktlich, {{vorname}}.",
    "subject_en": "",
    "body_en": "",
    "anchor": "now",
    "amount": "0",
    "unit": "days",
    "direction": "before",
    "at": "",
    "fixed": "",
}


def write(team: Browser, event: Event, **changes: str) -> Any:
    return team.post(f"/organise/events/{event.slug}/write", {**FORM, **changes})


def step_of(app: Flask) -> Step:
    with app.app_context():
        return db.session.scalars(select(Step).where(Step.kind == "note")).one()


def test_numbers_stand_beside_the_audiences(app: Flask, team: Browser) -> None:
    event = make_event(app)
    bendorf = make_organisation(app, "Verbandsgemeindeverwaltung Bad Münster am Stein-Ebernburg")
    make_registration(app, event, organisation_id=bendorf.id, question="Was kostet das?")
    make_registration(app, event, calendar_sequence=0)
    make_registration(app, event, status="waitlisted")

    page = team.get(f"/organise/events/{event.slug}/write?lang=en").text

    assert "Everybody confirmed (2)" in page
    assert "Everybody registered or waiting (3)" in page
    assert "Everybody who asked a question (1)" in page
    assert "Everybody confirmed whose calendar has not answered (1)" in page
    assert "Bad Münster am Stein-Ebernburg (1)" in page


def test_mail_waits_for_its_preview_and_is_sent_from_there(
    app: Flask, team: Browser, clock: FixedClock
) -> None:
    event = make_event(app)
    german = make_registration(app, event)
    english = make_registration(app, event, locale="en")
    make_registration(app, event, status="waitlisted")

    answer = write(team, event)

    step = step_of(app)
    base = f"/organise/events/{event.slug}/steps/{step.id}"
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{base}/preview"
    clock.move(hours=1)
    work(app)
    with app.app_context():
        assert db.session.scalars(select(OutboxMail)).all() == []
    page = team.get(f"{base}/preview?lang=en").text
    assert "2 people get this e-mail" in page
    assert f"Neuer Raum: {event.title}" in page
    assert "Bitte kommen Sie pünktlich, Maria." in page

    assert team.post(f"{base}/run").status_code == 303
    clock.move(minutes=10)
    work(app)

    with app.app_context():
        mails = list(db.session.scalars(select(OutboxMail)))
        assert {mail.recipient for mail in mails} == {german.email, english.email}
        assert {mail.subject for mail in mails} == {f"Neuer Raum: {event.title}"}
        mailing = db.session.scalars(select(Mailing)).one()
        assert (mailing.started_by, mailing.step_id) == ("Wilma Organisaria", step.id)
    log = team.get(f"/organise/events/{event.slug}/mail/sent?lang=en").text
    assert "Raumwechsel" in log


def test_mail_to_one_administration_goes_to_its_people(app: Flask, team: Browser) -> None:
    event = make_event(app)
    bendorf = make_organisation(app, "Stadt Bendorf")
    make_organisation(app, "Stadt Andernach")
    make_registration(app, event, organisation_id=bendorf.id)
    make_registration(app, event)

    assert write(team, event, audience="administration").status_code == 422
    assert write(team, event, audience="administration", organisation="999").status_code == 422
    answer = write(team, event, audience="administration", organisation=str(bendorf.id))

    assert answer.status_code == 303
    page = team.get(answer.headers["Location"] + "?lang=en").text
    assert "One person gets this e-mail" in page


def test_mail_at_its_own_time_waits_for_the_word_and_then_the_time(
    app: Flask, team: Browser, clock: FixedClock
) -> None:
    event = make_event(app)
    make_registration(app, event)
    assert write(team, event, anchor="fixed", fixed="2026-03-03T08:15").status_code == 303
    step = step_of(app)
    assert step.due_at.isoformat() == "2026-03-03T07:15:00+00:00"
    base = f"/organise/events/{event.slug}/steps/{step.id}"
    assert "/switch" in team.get(f"{base}/preview").text
    assert "Raumwechsel" in team.get(f"/organise/events/{event.slug}/write").text

    team.post(f"{base}/switch", {"to": "on"})
    work(app)
    with app.app_context():
        assert db.session.scalars(select(OutboxMail)).all() == []
    clock.moment = NOW + timedelta(days=1)
    work(app)

    with app.app_context():
        assert len(db.session.scalars(select(OutboxMail)).all()) == 1


def test_mail_hangs_on_a_date_of_the_event(app: Flask, team: Browser) -> None:
    event = make_event(app)
    changes = {"anchor": "start", "amount": "2", "unit": "days", "at": "09:00"}
    assert write(team, event, **changes).status_code == 303
    assert step_of(app).due_at.isoformat() == "2026-03-14T08:00:00+00:00"


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"body_de": "Hallo\n{{gibtsnicht}}"}, "body_de"),
        ({"body_de": "Zum [Wiki](https://wiki.intranet/seite)"}, "body_de"),
        ({"subject_de": ""}, "subject_de"),
        ({"subject_en": "Only a subject"}, "body_en"),
        ({"audience": "subscribers"}, "audience"),
        ({"audience": "nonsense"}, "audience"),
        ({"anchor": "fixed", "fixed": "gestern"}, "fixed"),
        ({"anchor": "fixed", "fixed": "2020-01-01T10:00"}, "fixed"),
        ({"anchor": "fixed", "fixed": ""}, "fixed"),
    ],
)
def test_unfit_mail_is_shown_at_its_field_and_kept(
    app: Flask, team: Browser, changes: dict[str, str], place: str
) -> None:
    event = make_event(app)

    answer = write(team, event, **changes)

    assert answer.status_code == 422
    assert f'href="#{place}"' in answer.text
    assert "Bitte kommen Sie pünktlich" in answer.text or "body_de" in changes
    with app.app_context():
        assert db.session.scalars(select(Step)).all() == []
        assert db.session.scalars(select(MailText)).all() == []


def test_writing_is_for_those_who_may(
    app: Flask, team: Browser, viewer: Browser, stranger: Browser
) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/write"
    assert viewer.get(path).status_code == 403
    assert viewer.post(path, FORM).status_code == 403
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, FORM).status_code == 404


def test_everybody_confirmed_is_written_to_in_three_presses_from_today(
    app: Flask, team: Browser, clock: FixedClock
) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    write_page = f"/organise/events/{event.slug}/write"
    assert f'href="{write_page}"' in team.get("/organise/").text
    options = team.get(f"{write_page}?lang=en").text.partition('name="audience"')[2]
    assert options.index("Everybody confirmed (1)") == options.index("Everybody")

    preview = write(team, event, title="", fixed="").location
    page = team.get(f"{preview}?lang=en").text
    assert "Send now (1)" in page
    assert step_of(app).title == FORM["subject_de"]
    for _ in range(2):
        team.post(f"{preview.removesuffix('/preview')}/run")
        clock.move(minutes=10)
        work(app)

    with app.app_context():
        assert [mail.recipient for mail in db.session.scalars(select(OutboxMail))] == [person.email]

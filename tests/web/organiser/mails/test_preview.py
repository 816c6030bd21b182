"""Looking at mails before they are sent: who, what, which effect; and nothing is stored."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.plan.times import Anchor, Timing
from ikone_events.services.mails.subscribers import subscribe
from ikone_events.services.plan.plans import add_message
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, Subscriber
from ikone_events.store.plan.models import Step
from tests.factories import (
    NOW,
    PAST,
    make_event,
    make_material,
    make_registration,
    make_subscriber,
    personal_path,
)
from tests.rows import written_mails
from tests.web.organiser.conftest import Browser
from tests.web.visitor import everything

LONG = "Freifrau von Ebernburg-Bad-Münster-am-Stein-Verbandsgemeindeverwaltung"


def path(event: Event, action: str, more: str = "") -> str:
    return f"/organise/events/{event.slug}/preview/{action}{more}"


def own_step(app: Flask, event: Event, **values: Any) -> Step:
    """A message of the organisers' own at a time of its own."""
    with app.app_context(), transaction():
        row = db.session.get_one(Event, event.id)
        timing = Timing(anchor=Anchor.FIXED, fixed=values.pop("at", NOW))
        step = add_message(row, title="Eine Frage", audience=Audience.CONFIRMED, timing=timing)
        step.active = False
        return step


def test_preview_shows_number_names_and_both_languages(app: Flask, team: Browser) -> None:
    event = make_event(app, title_en="Sensors")
    person = make_registration(app, event, last_name=LONG, locale="en")
    make_registration(app, event, last_name="Zuletzt")
    make_registration(app, event, status="waitlisted", last_name="Wartend")

    page = team.get(path(event, "dispatch") + "?lang=en").text

    assert "2 people get this e-mail" in page
    assert LONG in page
    assert "Zuletzt" in page
    assert "Wartend" not in page
    assert "Sensors" in page
    assert event.title in page
    assert page.index('lang="en">') < page.index('<div class="mail-text" lang="de">')
    assert "Adds the event to the calendar" in page
    token = personal_path(app, person).removeprefix("/r/")
    assert token not in page
    assert "/r/…/room" in page


def test_looking_stores_nothing(app: Flask, team: Browser) -> None:
    event = make_event(
        app, starts_at=PAST["starts_at"], ends_at=PAST["ends_at"], state="dispatched"
    )
    make_material(app, event)
    make_registration(app, event, calendar_sequence=3)
    coming = make_event(app)
    make_registration(app, coming, calendar_sequence=3)
    before = everything(app)

    page = f"/organise/events/{event.slug}/follow-up"
    assert team.get(path(event, "follow_up")).headers["Location"] == page
    assert team.get(page).status_code == 200
    assert team.get(path(coming, "dispatch")).status_code == 200
    reason = {"state": "open", "reason": "Sturm"}
    assert team.post(path(coming, "cancel"), reason).status_code == 200
    assert team.post(path(coming, "cancel", "/html"), reason).status_code == 200

    assert everything(app) == before


def test_reason_is_in_the_mail_and_goes_along_to_the_button(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event, calendar_sequence=0)

    page = team.post(path(event, "cancel"), {"state": "open", "reason": "Es stürmt <sehr>."}).text

    assert page.count("Es stürmt &lt;sehr&gt;.") >= 3
    assert 'name="reason" value="Es stürmt &lt;sehr&gt;."' in page
    assert "entfernt" in page.lower() or "Kalender" in page
    answer = team.post(
        f"/organise/events/{event.slug}/do/cancel", {"state": "open", "reason": "Es stürmt."}
    )
    assert answer.status_code == 303


def test_missing_reason_is_shown_at_its_field(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)

    answer = team.post(path(event, "cancel"), {"state": "open", "reason": " "})

    assert answer.status_code == 409
    assert 'href="#reason"' in answer.text
    assert team.get(path(event, "cancel")).status_code == 303


def test_follow_up_is_counted_by_kind_and_shown_for_whom_one_chooses(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_material(app, event)
    make_registration(app, event, attendance="attended")
    missed = make_registration(app, event, attendance="missed", last_name="Fehlend")
    make_registration(app, event)

    base = f"/organise/events/{event.slug}/follow-up"
    page = team.get(f"{base}/missed?lang=en&person={missed.public_id}").text

    assert "2 people get this e-mail" in page
    assert "The e-mail as Fehlend, Maria gets it" in page
    assert "One person gets this e-mail" in team.get(f"{base}/attended?lang=en").text


def test_recipients_are_found_and_paged(app: Flask, team: Browser) -> None:
    event = make_event(app)
    for number in range(60):
        make_registration(app, event, last_name=f"Nr{number}")

    page = team.get(path(event, "dispatch") + "?lang=en&page=2").text
    assert "Page 2 of 2" in page
    found = team.get(path(event, "dispatch") + "?q=nr57&lang=en").text
    assert "Nr57" in found
    assert "Nr12," not in found
    assert team.get(path(event, "dispatch") + "?q=niemand").status_code == 200


def test_access_is_promised_to_those_who_get_it(app: Flask, team: Browser) -> None:
    said = {}
    for kind in ("online", "hybrid"):
        event = make_event(app, state="closed", format=kind, place="Rathaus")
        make_registration(app, event, mode="online")
        for lang in ("de", "en"):
            said[kind, lang] = team.get(path(event, "dispatch") + f"?lang={lang}").text

    everybody = {
        "de": "Alle Bestätigten erhalten den Zugang zum Videoraum.",
        "en": "Everybody who is confirmed gets the way into the video room.",
    }
    found = {key: everybody[key[1]] in page for key, page in said.items()}
    assert found == {key: key[0] == "online" for key in said}
    assert "Personen vor Ort erhalten keine E-Mail." in said["hybrid", "de"]
    assert "People on site get no e-mail." in said["hybrid", "en"]


def test_event_page_leads_to_the_preview_where_somebody_is_written_to(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, state="closed")
    make_registration(app, event)
    page = team.get(f"/organise/events/{event.slug}").text
    assert f"/organise/events/{event.slug}/preview/dispatch" in page
    draft = make_event(app, state="draft")
    page = team.get(f"/organise/events/{draft.slug}").text
    assert "/preview/announce" in page
    assert "/do/announce" not in page


def test_announcement_is_shown_as_a_subscriber_gets_it(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    with app.app_context(), transaction():
        subscribe("neugierig@example.org", "de", now=NOW)
        row = db.session.scalars(select(Subscriber)).one()
        row.confirmed_at = NOW

    page = team.get(path(event, "announce") + "?lang=en").text

    assert "One person gets this e-mail" in page
    assert "neugierig@example.org" in page
    assert "/unsubscribe/…" in page
    assert "Nothing changes in this person" in page


def test_announcement_of_an_event_that_needs_a_code_goes_to_nobody_and_shows_it(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, state="draft", by_code=True)
    make_subscriber(app)
    for address in (path(event, "announce"), f"/organise/events/{event.slug}"):
        page = team.get(address + "?lang=en").text
        assert "Nobody is written to." in page
        assert "Subscribers of the network have none, so they are not told." in page
    make_subscriber(app, event)
    opening = team.get(path(make_event(app, state="announced", by_code=True), "open") + "?lang=en")
    assert "It does not stand in this e-mail." in opening.text


def test_action_that_writes_to_nobody_has_no_preview(app: Flask, team: Browser) -> None:
    event = make_event(app)
    assert team.get(path(event, "close")).status_code == 404
    assert team.get(path(event, "explode")).status_code == 404
    assert team.get(path(event, "follow_up")).status_code == 303
    assert team.get(path(make_event(app, state="draft"), "dispatch")).status_code == 409


def test_complaints_stand_where_the_button_would_be(app: Flask, team: Browser) -> None:
    event = make_event(app, room_url="")
    make_registration(app, event)
    page = team.get(path(event, "dispatch") + "?lang=en").text
    assert "The access link to the video room is missing." in page
    assert "/do/dispatch" not in page


def test_mail_to_try_goes_to_the_one_who_asked_and_is_harmless(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event, calendar_sequence=0)

    answer = team.post(
        path(event, "dispatch", "/test"), {"state": "open", "person": person.public_id}
    )

    assert answer.status_code == 200
    [mail] = written_mails(app)
    assert mail.recipient == "team@example.org"
    assert mail.subject.startswith("[Test] ")
    assert (mail.calendar, mail.registration_id, mail.mailing_id) == (None, None, None)
    token = personal_path(app, person).removeprefix("/r/")
    for part in (mail.text, mail.html):
        assert token not in part
        assert "/r/" not in part
        assert f"http://localhost/events/{event.slug}" in part
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Mailing)) == 0


def test_html_of_a_mail_is_shown_in_a_sandbox(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)

    answer = team.get(path(event, "dispatch", "/html") + "?in=en")

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy.split("; ")
    assert '<html lang="en"' in answer.text
    assert personal_path(app, person).removeprefix("/r/") not in answer.text


def test_step_of_ones_own_is_looked_at_and_sent(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    step = own_step(app, event)
    base = f"/organise/events/{event.slug}/steps/{step.id}"

    page = team.get(f"{base}/preview?lang=en").text

    assert "One person gets this e-mail" in page
    assert f'action="{base}/run"' in page
    assert team.get(f"{base}/preview/html").status_code == 200
    for change in (base, f"/organise/events/{event.slug}/mail/texts/{step.name}"):
        assert f'href="{change}"' in page
        assert team.get(change).status_code == 200
    assert team.post(f"{base}/preview/test").status_code == 200
    assert [mail.recipient for mail in written_mails(app)] == ["team@example.org"]


def test_transition_step_is_looked_at_before_its_time(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    make_registration(app, event)
    with app.app_context(), transaction():
        step = Step(event_id=event.id, name="dispatch", action="dispatch", anchor="start")
        step.unit, step.due_at = "days", NOW
        db.session.add(step)
        db.session.flush()
        number = step.id
    page = team.get(f"/organise/events/{event.slug}/steps/{number}/preview?lang=en").text
    assert "One person gets this e-mail" in page
    assert "Not possible yet" in page


def test_previews_are_for_those_who_may_see(
    app: Flask, team: Browser, viewer: Browser, stranger: Browser
) -> None:
    event, other = make_event(app), make_event(app)
    make_registration(app, event)
    step = own_step(app, event)
    base = f"/organise/events/{event.slug}/steps/{step.id}/preview"
    assert viewer.get(path(event, "dispatch")).status_code == 403
    assert viewer.post(path(event, "dispatch", "/test")).status_code == 403
    looked = viewer.get(base)
    assert looked.status_code == 200
    assert "/run" not in looked.text
    assert viewer.post(f"{base}/test").status_code == 403
    for address in (path(event, "dispatch"), base, f"{base}/html"):
        assert stranger.get(address).status_code == 404
    foreign = f"/organise/events/{other.slug}/steps/{step.id}/preview"
    assert team.get(foreign).status_code == 404
    assert team.post(f"{foreign}/test").status_code == 404
    assert written_mails(app) == []


@pytest.mark.parametrize("name", ["=?utf-8?q?x?=", "a\u202eb"])
def test_person_whose_mail_cannot_be_written_does_not_break_the_page(
    app: Flask, team: Browser, name: str
) -> None:
    event = make_event(app)
    make_registration(app, event, last_name=name)
    assert team.get(path(event, "dispatch")).status_code == 200

"""The follow-up in one screen: numbers, previews, the press, and a way on in every state."""

import re
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import history_of
from ikone_events.store.followup.answers import PublishedAnswer
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.rooms.models import Question
from tests.factories import NOW, PAST, make_event, make_material, make_registration
from tests.rows import reload
from tests.web.organiser.conftest import Browser

REFUSED = "Please say how people got the link"
PAGES = {
    "draft": "never opened",
    "announced": "never opened",
    "open": "ready",
    "closed": "ready",
    "dispatched": "ready",
    "followed_up": "sent",
    "archived": "archived",
    "postponed": "called off",
    "cancelled": "called off",
}
LINK = {"kind": "link", "stored_name": "", "file_name": "", "url": "https://a.test"}


def page_of(event: Event, more: str = "") -> str:
    return f"/organise/events/{event.slug}/follow-up{more}"


def send(team: Browser, event: Event, **values: str) -> int:
    path = f"/organise/events/{event.slug}/do/follow_up?lang=en"
    return team.post(path, {"state": event.state, **values}).status_code


@pytest.mark.parametrize("state", PAGES)
def test_every_state_shows_what_can_be_done(app: Flask, team: Browser, state: str) -> None:
    cases = product(("attended", None), (True, False), ("online", "on_site"))
    for attendance, with_material, form in cases:
        event = make_event(app, state=state, format=form, place="Rathaus", **PAST)
        if state not in ("draft", "archived"):
            make_registration(app, event, attendance=attendance)
        if with_material:
            make_material(app, event)
        _shows_what_can_be_done(
            app, team, event, attendance=attendance, with_material=with_material
        )


def _shows_what_can_be_done(
    app: Flask, team: Browser, event: Event, *, attendance: str | None, with_material: bool
) -> None:
    answer = team.get(page_of(event, "?lang=en"))
    assert answer.status_code == 200
    page, state = answer.text, event.state
    assert f'data-stage="{PAGES[state]}"' in page
    ways = re.findall(r'kern-btn--(?:primary|secondary)" href="([^"]+)"', page)
    press = f'action="/organise/events/{event.slug}/do/follow_up"' in page
    assert ways or press
    if PAGES[state] == "ready":
        assert press is with_material
        assert ("End without a follow-up" in page) is not with_material
        asks = state != "dispatched" and event.format == "online" and with_material
        assert ('name="reason"' in page) is asks
        assert ("Record attendance" in page) is (attendance is None)
        if with_material:
            assert ("Send follow-up without attendance (1)" in page) is (attendance is None)
            reason = {"reason": "Per E-Mail."} if asks else {}
            assert send(team, event, **reason) == 303
            assert reload(app, event).state == "followed_up"
    else:
        assert not press
        assert send(team, event) == 409
        assert reload(app, event).state == state


def test_page_counts_versions_and_previews_each_for_one_of_its_people(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_material(app, event, title="Nur für Anwesende", visibility="attended")
    make_material(app, event, title="Für alle da", visibility="public")
    people = {
        "attended": [make_registration(app, event, attendance="attended") for _ in range(3)],
        "missed": [make_registration(app, event, attendance="missed", question="Und wie?")],
        "waited": [make_registration(app, event, status="waitlisted") for _ in range(2)],
    }
    page = team.get(page_of(event, "?lang=en")).text
    found = re.findall(r'data-version="(\w+)">.*?class="number"[^>]*>(\d+)<', page, re.DOTALL)
    assert dict(found) == {"attended": "3", "missed": "1", "waited": "2", "asked": "1"}
    assert "6 people get one e-mail each." in page
    for name, persons in people.items():
        preview = team.get(page_of(event, f"/{name}?lang=en")).text
        assert f"The e-mail as {persons[0].last_name}, " in preview
        assert ("Nur für Anwesende" in preview) is (name == "attended")
        assert "Für alle da" in preview
        assert team.get(page_of(event, f"/{name}/html")).status_code == 200
        assert f"/organise/events/{event.slug}/mail/texts" in preview
    assert "Und wie?" in team.get(page_of(event, "/asked?lang=en")).text
    assert team.get(page_of(event, "/nobody")).status_code == 404
    assert team.get(page_of(event, "/supplement")).status_code == 404


def test_preview_hides_no_public_address(app: Flask, team: Browser) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_material(app, event)
    make_registration(app, event, attendance="attended")
    make_registration(app, event, status="waitlisted")
    page = team.get(page_of(event, "/waited?lang=en")).text
    assert f"/events/{event.slug}/materials/request" in page


def test_preview_sends_a_test_to_oneself(app: Flask, team: Browser) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_material(app, event)
    make_registration(app, event, status="waitlisted")
    assert team.post(page_of(event, "/waited/test")).status_code == 200
    with app.app_context():
        [mail] = db.session.scalars(select(OutboxMail))
        assert (mail.kind, mail.registration_id) == ("follow_up_waited", None)


def test_office_chooses_whether_those_who_waited_are_written_to(app: Flask, team: Browser) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_registration(app, event, status="waitlisted")
    make_material(app, event)
    assert "Send follow-up (1)" in team.get(page_of(event, "?lang=en")).text
    assert team.post(page_of(event, "/waiting"), {"wanted": "no"}).status_code == 303
    page = team.get(page_of(event, "?lang=en")).text
    assert "They are not written to." in page
    assert "Send follow-up (0)" in page


def test_missing_reason_is_asked_for_and_kept_once(app: Flask, team: Browser) -> None:
    event = make_event(app, state="closed", **PAST)
    make_registration(app, event)
    make_material(app, event)
    path = f"/organise/events/{event.slug}/do/follow_up?lang=en"
    refused = team.post(path, {"state": "closed", "reason": " "})
    assert (refused.status_code, REFUSED in refused.text) == (422, True)
    assert 'href="#reason"' in refused.text
    assert send(team, event, reason="Über den Verteiler.") == 303
    with app.app_context():
        rows = [(row.action, row.reason) for row in history_of(event)]
    assert rows == [("mark_sent", "Über den Verteiler."), ("follow_up", "")]


def test_page_of_yesterday_sends_nothing_a_second_time(app: Flask, team: Browser) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_registration(app, event)
    make_material(app, event)
    assert send(team, event) == 303
    assert send(team, event) == 409
    with app.app_context():
        assert len(db.session.scalars(select(Mailing)).all()) == 1


def test_supplement_names_what_is_new_and_goes_from_its_preview(app: Flask, team: Browser) -> None:
    event = make_event(app, state="followed_up", **PAST)
    make_material(app, event, title="Schon bekannt", mailed_at=NOW, **LINK)
    make_material(app, event, title="Aufzeichnung", **LINK)
    make_registration(app, event)
    page = team.get(page_of(event, "?lang=en")).text
    assert "<li>Aufzeichnung</li>" in page
    assert "Schon bekannt" not in page
    assert "Nobody who may see it wants to be told." in page
    make_registration(app, event, wants_supplement=True, locale="en")
    preview = team.get(page_of(event, "/supplement?lang=en")).text
    assert "One person gets this e-mail" in preview
    assert "Aufzeichnung" in preview
    assert "Schon bekannt" not in preview
    assert team.post(page_of(event, "/supplement/send")).status_code == 303
    assert "Nothing has been added" in team.get(page_of(event, "?lang=en")).text
    assert "Nothing has been added" in team.post(
        page_of(event, "/supplement/send?lang=en"), follow_redirects=True
    ).text  # fmt: skip


def test_answer_is_written_published_and_sent_later(app: Flask, team: Browser) -> None:
    event = make_event(app, state="followed_up", **PAST)
    person = make_registration(app, event, question="Was <b>kostet</b> das?")
    same = make_registration(app, event, question="Wie teuer?")
    page = f"/organise/events/{event.slug}/questions"
    assert "Was &lt;b&gt;kostet&lt;/b&gt; das?" in team.get(page).text
    form = {"answer": "Nichts.", "version": "0", "publish": "public", "also": same.public_id}
    form["public_question"] = "Was kostet es?"
    assert team.post(f"{page}/{person.public_id}", form).status_code == 303
    public = app.test_client().get(f"/events/{event.slug}").text
    assert "Was kostet es?" in public
    assert person.last_name not in public
    assert team.post(f"{page}/{person.public_id}", {**form, "answer": "Doch."}).status_code == 409
    assert "2 people have not got an answer" in team.get(page_of(event, "?lang=en")).text
    assert "2 people get this e-mail" in team.get(page_of(event, "/answers?lang=en")).text
    assert team.post(page_of(event, "/answers/send")).status_code == 303
    assert "being written" in team.get(page_of(event, "?lang=en")).text


def test_question_of_somebody_who_waited_is_answered_in_their_mail(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_material(app, event)
    person = make_registration(app, event, status="waitlisted", question="Geht das nächstes Mal?")
    page = f"/organise/events/{event.slug}/questions"
    assert "Geht das nächstes Mal?" in team.get(page).text
    form = {"answer": "Ja, im Mai.", "version": "0"}
    assert team.post(f"{page}/{person.public_id}", form).status_code == 303
    assert "Ja, im Mai." in team.get(page_of(event, "/waited")).text


def test_refused_answer_is_shown_again_as_it_was_typed(app: Flask, team: Browser) -> None:
    event = make_event(app, state="followed_up", **PAST)
    person = make_registration(app, event, last_name="Quitte", question="Und?")
    page = f"/organise/events/{event.slug}/questions"
    form = {"answer": "Frau Quitte hat recht.", "version": "0", "publish": "public"}
    answer = team.post(f"{page}/{person.public_id}?lang=en", form)
    assert answer.status_code == 422
    assert "This text names who asked." in answer.text
    assert "Frau Quitte hat recht." in answer.text
    with app.app_context():
        assert db.session.scalars(select(Question)).all() == []
        assert db.session.scalars(select(PublishedAnswer)).all() == []
    assert team.post(f"{page}/{person.public_id}x", form).status_code == 404

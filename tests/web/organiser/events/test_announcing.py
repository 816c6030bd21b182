"""The page of an announcement: a missing summary, and registration in the same press."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from ikone_events.services.mails.subscribers import subscribe
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, Subscriber
from tests.factories import NOW, make_contact, make_event, make_organisation, make_subscriber
from tests.rows import the_only
from tests.web.organiser.conftest import Browser


def test_missing_summary_is_asked_where_the_event_is_announced(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft", summary="")
    path = f"/organise/events/{event.slug}"
    assert f"{path}/preview/announce" in team.get(path).text
    page = team.get(f"{path}/preview/announce").text
    assert 'name="summary"' in page
    empty = team.post(f"{path}/do/announce", {"state": "draft", "summary": " "})
    assert empty.status_code == 409
    assert 'id="summary-error"' in empty.text
    for words in ("kaputt\x01", "Mehr unter http://10.0.0.5/"):
        unfit = team.post(f"{path}/do/announce", {"state": "draft", "summary": words})
        assert unfit.status_code == 422
        assert 'id="summary-error"' in unfit.text
        assert the_only(app, Event).state == "draft"
    form = {"state": "draft", "summary": "Kurz gesagt.", "also": "open"}
    assert team.post(f"{path}/do/announce", form).status_code == 303
    found = the_only(app, Event)
    assert (found.state, found.summary) == ("open", "Kurz gesagt.")


def test_preview_of_the_announcement_shows_the_typed_summary(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft", summary="")
    with app.app_context(), transaction():
        subscribe("neugierig@example.org", "de", now=NOW)
        db.session.scalars(select(Subscriber)).one().confirmed_at = NOW
    path = f"/organise/events/{event.slug}/preview/announce"
    page = team.post(path, {"summary": "Ganz neu getippt."}).text
    assert page.count("Ganz neu getippt.") >= 2
    tested = team.post(f"{path}/test", {"state": "draft", "summary": "Ganz neu getippt."}).text
    assert tested.count("Ganz neu getippt.") >= 2
    assert the_only(app, Event).summary == ""


def test_preview_leaves_out_whom_the_page_does_not_offer(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    make_contact(app)
    form = {"recipients": "contacts", "groups": "nonsense", "bodies": ["7", "9" * 30]}
    page = team.post(f"/organise/events/{event.slug}/preview/announce?lang=en", form)
    assert (page.status_code, "One person gets this e-mail" in page.text) == (200, True)


def test_announcing_alone_leaves_registration_closed(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    path = f"/organise/events/{event.slug}"
    assert 'name="summary"' not in team.get(f"{path}/preview/announce").text
    assert team.post(f"{path}/do/announce", {"state": "draft"}).status_code == 303
    assert the_only(app, Event).state == "announced"
    with app.app_context():
        assert db.session.scalars(select(Mailing.kind)).all() == ["announcement"]


def test_announced_and_opened_event_shows_who_is_notified_and_is_undone(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, state="draft")
    with app.app_context(), transaction():
        subscribe("neugierig@example.org", "de", now=NOW)
        db.session.scalars(select(Subscriber)).one().confirmed_at = NOW
    path = f"/organise/events/{event.slug}"
    team.get(f"{path}?lang=en")
    form = {"state": "draft", "also": "open"}
    page = team.post(f"{path}/do/announce", form, follow_redirects=True).text
    page = page.replace("\u00a0", " ").replace(" (German time)", "")
    assert "The event is announced, and registration is open." in page
    assert "sent to one person on 2 March at 10:10: Subscribers of the network (1)" in page
    assert (
        "Announcement: You can undo this until 2 March at 10:10; no e-mail is sent before." in page
    )
    german = team.get(f"{path}?lang=de").text.replace("\u00a0", " ")
    assert "Bis zum 2. März um 10:10 Uhr können Sie das zurücknehmen." in german
    with app.app_context():
        assert {mailing.due_at for mailing in db.session.scalars(select(Mailing))} == {
            NOW + timedelta(minutes=10)
        }
    assert team.post(f"{path}/do/undo", {"state": "open"}).status_code == 303
    assert the_only(app, Event).state == "draft"


def test_opening_that_would_be_refused_is_not_offered(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft", deadline=NOW)
    path = f"/organise/events/{event.slug}"
    page = team.get(f"{path}/preview/announce?lang=en").text
    assert "The registration deadline is in the past." in page
    assert 'name="also"' not in page
    answer = team.post(f"{path}/do/announce", {"state": "draft", "also": "open"})
    assert answer.status_code == 409
    assert the_only(app, Event).state == "draft"


def test_announcement_of_a_stale_page_changes_nothing(app: Flask, team: Browser) -> None:
    event = make_event(app, state="announced")
    path = f"/organise/events/{event.slug}"
    assert team.post(f"{path}/do/announce", {"state": "draft"}).status_code == 409
    assert team.post(f"{path}/do/announce", {"state": "announced"}).status_code == 409
    assert team.get(f"{path}/preview/announce").status_code == 409
    assert team.post(f"{path}/do/announce", {"state": ""}).status_code == 422
    assert the_only(app, Event).state == "announced"


def test_contacts_are_chosen_counted_and_shown_before_anything_is_sent(
    app: Flask, team: Browser
) -> None:
    event, body = make_event(app, state="draft"), make_organisation(app, "Stadt Kusel")
    make_subscriber(app, email="beides@example.org")
    make_contact(app, email="beides@example.org")
    make_contact(app, email="kusel@example.org", organisation_id=body.id)
    make_contact(app, email="ohne@example.org")
    path = f"/organise/events/{event.slug}"
    page = team.get(f"{path}/preview/announce?lang=en").text
    for words in (
        "Subscribers of the network (1)",
        "Subscribers and contact persons (3)",
        "Contact persons only (3)",
        "Stadt Kusel (1)",
    ):
        assert words in page
    chosen = {"state": "draft", "recipients": "both", "bodies": [str(body.id)]}
    page = team.post(f"{path}/preview/announce", {**chosen, "shown": "other_contacts"}).text
    words = "Subscribers of the network (1), Contact persons without a subscription (1)"
    assert f"2 people get this e-mail: {words}" in page
    assert "kusel@example.org" in page
    assert "Herkunft der Angaben" in page
    tested = team.post(f"{path}/preview/announce/test", {**chosen, "shown": "other_contacts"})
    assert "Herkunft der Angaben" in tested.text
    done = team.post(f"{path}/do/announce", chosen, follow_redirects=True).text
    assert "Contact persons without a subscription (1)" in done
    with app.app_context():
        audiences = select(Mailing.audience).order_by(Mailing.id)
        assert db.session.scalars(audiences).all() == ["subscribers", "other_contacts"]
    assert team.post(f"{path}/do/undo", {"state": "announced"}).status_code == 303
    assert the_only(app, Event).state == "draft"


def test_announcement_to_nobody_can_be_undone(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    make_subscriber(app)
    path = f"/organise/events/{event.slug}"
    team.post(f"{path}/do/announce", {"state": "draft", "recipients": "nobody"})
    page = team.get(f"{path}?lang=en").text.replace("\u00a0", " ")
    assert "You can undo this until" in page
    with app.app_context():
        assert db.session.scalars(select(Mailing.audience)).all() == ["nobody"]


def test_recipients_that_do_not_exist_are_refused(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    make_contact(app)
    path = f"/organise/events/{event.slug}"
    for wrong in ({"recipients": "x"}, {"recipients": "both", "bodies": "7"}, {"groups": "x"}):
        for address in ("do/announce", "preview/announce"):
            answer = team.post(f"{path}/{address}", {"state": "draft", **wrong})
            assert answer.status_code in (200, 422)
    assert the_only(app, Event).state == "draft"

"""The page of retention: what goes next, and the records for the data protection officer."""

from datetime import timedelta

from flask import Flask

from ikone_events.services.operating.retention import forget_event
from ikone_events.services.privacy.retention_record import check_file
from ikone_events.store.db import transaction
from tests.factories import NOW, PAST, make_event, make_mail, make_registration
from tests.standing import make_standing
from tests.web.organiser.conftest import Browser

PAGE = "/organise/settings/retention"


def test_page_shows_what_is_due_and_what_comes_next(app: Flask, admin: Browser) -> None:
    make_event(app, **PAST, state="followed_up", title="Kreditsteuerung")
    before = admin.get(f"{PAGE}?lang=de").text
    assert "Es ist nichts fällig" in before
    assert "Kreditsteuerung" in before
    event = make_event(app, **PAST, state="followed_up", retention_days=1)
    make_mail(app, make_registration(app, event), state="sent", sent_at=NOW)
    due = admin.get(f"{PAGE}?lang=de").text
    assert "alles, die Veranstaltung wird archiviert" in due
    assert "1 E-Mails" in due


def test_page_shows_what_goes_besides_events(app: Flask, admin: Browser) -> None:
    make_standing(app, confirmed_at=None, created_at=NOW - timedelta(days=30))
    page = admin.get(f"{PAGE}?lang=de").text
    assert "Außerdem, nach jeweils eigenen Fristen: 1 Daueranmeldungen." in page
    assert "retention --dry-run" in page
    assert "Es ist nichts fällig" not in page


def test_record_is_shown_and_saved(app: Flask, admin: Browser) -> None:
    event = make_event(app, **PAST, state="followed_up")
    make_registration(app, event, first_name="Zwetschgine", email="zq@example.org")
    with app.app_context(), transaction():
        forget_event(event.slug, actor="system", now=NOW + timedelta(days=365))
    assert "Nachweis 1" in admin.get(f"{PAGE}?lang=de").text
    page = admin.get(f"{PAGE}/1?lang=de").text
    for words in (event.slug, "eine Person", "registration", "Sicherungen", "Unterschrift"):
        assert words in page, words
    assert "Zwetschgine" not in page
    file = admin.get(f"{PAGE}/1.json")
    assert file.headers["Content-Disposition"].endswith('"retention-1.json"')
    with app.app_context():
        [checked] = check_file(file.text)
        assert checked.complaint is None
    assert admin.get(f"{PAGE}/2").status_code == 404
    assert admin.get(f"{PAGE}/2.json").status_code == 404


def test_only_administrators_see_it(app: Flask, team: Browser) -> None:
    for path in (PAGE, f"{PAGE}/1", f"{PAGE}/1.json"):
        assert team.get(path).status_code == 403


def test_archiving_asks_with_a_list_of_what_goes(app: Flask, team: Browser) -> None:
    event = make_event(app, **PAST, state="followed_up", retention_days=1)
    make_mail(app, make_registration(app, event), state="sent", sent_at=NOW)
    asked = team.get(f"/organise/events/{event.slug}/do/archive?lang=de").text
    for words in ("die Angaben einer Person", "1 E-Mails", "Das bleibt", "Sicherungen"):
        assert words in asked, words
    done = team.post(f"/organise/events/{event.slug}/do/archive", {"state": "followed_up"})
    assert done.status_code == 303
    assert team.get(f"/organise/events/{event.slug}?lang=de").status_code == 200

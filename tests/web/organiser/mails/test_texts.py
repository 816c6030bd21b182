"""Editable texts in the browser: saved, refused, shown, taken back; and by whom."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.placeholders import EDITABLE
from ikone_events.services.events.editing import assign
from ikone_events.services.mails.texts import find_text
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import MailText
from ikone_events.store.plan.models import Step
from tests.factories import NOW, FixedClock, make_event, make_registration, make_text
from tests.web.organiser.conftest import Browser, Person

PLACES = [
    "/organise/settings/texts",
    "/organise/events/e/series-texts",
    "/organise/events/e/mail/texts",
]


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(app, slug="e", series="Reihe A", title="Dörfer")


@pytest.fixture
def admin(make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]) -> Browser:
    """The browser of somebody who may change the texts of all events."""
    return browser_of(make_person("leitung@example.org", "admin"))


def form_of(browser: Browser, path: str) -> dict[str, str]:
    """What a browser would send back from the editor as it stands."""
    page = browser.get(path).text
    fields = dict(
        re.findall(r'<input[^>]*name="((?:subject|seen)_\w\w)"[^>]*value="([^"]*)"', page)
    )
    bodies = re.findall(
        r'<textarea[^>]*name="(body_\w\w)"[^>]*>\s*(.*?)</textarea>', page, re.DOTALL
    )
    return {**fields, **dict(bodies)}


def save(browser: Browser, path: str, **changes: str) -> Any:
    return browser.post(path, {**form_of(browser, path), **changes})


def rows(app: Flask) -> list[MailText]:
    with app.app_context():
        return list(db.session.scalars(select(MailText).order_by(MailText.id)))


@pytest.mark.parametrize("place", PLACES)
def test_list_names_every_mail_and_whose_text_it_has(
    app: Flask, admin: Browser, event: Event, place: str
) -> None:
    page = admin.get(place).text
    for kind in EDITABLE:
        assert f'href="{place}/{kind}"' in page
    assert page.count("Standard</span>") == 2 * len(EDITABLE)


@pytest.mark.parametrize("place", PLACES)
def test_text_is_saved_shown_in_force_and_taken_back(
    app: Flask, admin: Browser, event: Event, place: str
) -> None:
    path = f"{place}/confirmation"
    answer = save(admin, path, body_de="Hallo {{vorname}}")
    assert (answer.status_code, answer.location) == (303, path)
    [row] = rows(app)
    assert (row.locale, row.body, row.changed_by) == (
        "de",
        "Hallo {{vorname}}",
        "Wilma Organisaria",
    )
    assert (row.event_id is not None) == (place == PLACES[2])
    with app.app_context():
        seen = db.session.get_one(Event, event.id)
        assert find_text(seen, "confirmation", "de") == EditedText(row.subject, row.body)
        assert find_text(seen, "confirmation", "en") is None
    page = admin.get(path).text
    assert "Hallo {{vorname}}" in page
    assert "Geändert von Wilma Organisaria" in page
    answer = admin.post(f"{path}/reset", form_of(admin, path))
    assert answer.status_code == 303
    assert rows(app) == []
    assert "Sie sind angemeldet:" in admin.get(path).text


def test_unchanged_text_is_not_stored(app: Flask, team: Browser, event: Event) -> None:
    assert save(team, "/organise/events/e/mail/texts/moved").status_code == 303
    assert rows(app) == []


@pytest.mark.parametrize("kind", EDITABLE)
def test_every_editor_opens_and_shows_its_mail(team: Browser, event: Event, kind: MailKind) -> None:
    path = f"/organise/events/e/mail/texts/{kind}"
    answer = save(team, path, do="preview", sample="")
    assert answer.status_code == 200
    assert answer.text.count('class="mail-text"') == 2
    assert "Dörfer" in answer.text
    assert not re.search(r"/(r|unsubscribe|subscribe)/[\w.-]{20}", answer.text)


def test_nearest_text_is_edited_and_named(app: Flask, admin: Browser, event: Event) -> None:
    save(admin, f"{PLACES[0]}/waitlist", body_de="Überall")
    assert "Überall" in admin.get(f"{PLACES[2]}/waitlist").text
    assert "Text für alle Veranstaltungen" in admin.get(PLACES[2]).text
    save(admin, f"{PLACES[1]}/waitlist", body_de="Reihe")
    assert "Text der Reihe" in admin.get(PLACES[2]).text
    save(admin, f"{PLACES[2]}/waitlist", body_de="Hier")
    assert "Eigener Text dieser Veranstaltung" in admin.get(PLACES[2]).text
    assert [row.scope for row in rows(app)] == [
        "installation",
        "series:Reihe A",
        f"event:{event.id}",
    ]


def test_refused_text_keeps_every_word_and_names_the_line(
    app: Flask, team: Browser, event: Event
) -> None:
    path = "/organise/events/e/mail/texts/confirmation"
    answer = save(team, path, body_de="Eins\n{{titl}}", subject_en="", body_en="Two {{zwei}}")
    assert answer.status_code == 422
    assert "Zeile 2: {{titl}} ist nicht bekannt. Meinten Sie {{titel}}?" in answer.text
    assert "Zeile 1: {{zwei}} ist nicht bekannt." in answer.text
    assert "Bitte geben Sie einen Betreff ein." in answer.text
    assert "Eins\n{{titl}}" in answer.text
    assert 'href="#body_de"' in answer.text
    assert rows(app) == []


def test_new_link_into_ones_own_network_is_refused_an_old_one_stays(
    app: Flask, team: Browser, event: Event
) -> None:
    path = "/organise/events/e/mail/texts/confirmation"
    old = "Zum [Wiki](https://wiki.intranet/a)"
    make_text(app, "confirmation", event, body=old)
    assert save(team, path, body_de=f"Neu: {old}").status_code == 303
    answer = save(team, path, body_de=f"{old} und https://10.0.0.5/")
    assert answer.status_code == 422
    assert "„10.0.0.5“ liegt in Ihrem eigenen Netz" in answer.text
    assert f"{old} und https://10.0.0.5/" in answer.text
    assert "wiki.intranet“" not in answer.text


def test_html_in_a_text_is_shown_as_words(team: Browser, event: Event) -> None:
    path = "/organise/events/e/mail/texts/confirmation"
    answer = save(team, path, body_de="<script>alert(1)</script>", do="preview")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_preview_stores_nothing_and_knows_the_people(
    app: Flask, team: Browser, event: Event
) -> None:
    person = make_registration(app, event, first_name="Jördis", last_name="Echt")
    path = "/organise/events/e/mail/texts/confirmation"
    answer = save(team, path, body_de="Liebe {{vorname}}", do="preview", sample=person.public_id)
    assert "Liebe Jördis" in answer.text
    assert rows(app) == []


def test_second_to_save_sees_both_texts(
    app: Flask, team: Browser, event: Event, clock: FixedClock
) -> None:
    path = "/organise/events/e/mail/texts/confirmation"
    old = form_of(team, path)
    save(team, path, body_de="Die erste")
    clock.move(minutes=1)
    answer = team.post(path, {**old, "body_de": "Die zweite"})
    assert answer.status_code == 409
    assert "Die erste" in answer.text
    assert "Die zweite" in answer.text
    assert [row.body for row in rows(app)] == ["Die erste"]
    marks = dict(re.findall(r'name="(seen_\w\w)"[^>]*value="([^"]*)"', answer.text))
    assert team.post(path, {**old, **marks, "body_de": "Die zweite"}).status_code == 303
    assert [row.body for row in rows(app)] == ["Die zweite"]


def test_reset_of_an_old_page_is_refused(
    app: Flask, team: Browser, event: Event, clock: FixedClock
) -> None:
    path = "/organise/events/e/mail/texts/confirmation"
    save(team, path, body_de="Die erste")
    old = form_of(team, path)
    clock.move(minutes=1)
    save(team, path, body_de="Die zweite")
    assert team.post(f"{path}/reset", old).status_code == 409
    assert [row.body for row in rows(app)] == ["Die zweite"]


@pytest.mark.parametrize("mark", ["kaputt", "2026-01-01", "2026-01-01T10:00:00"])
def test_made_up_version_is_stale(app: Flask, team: Browser, event: Event, mark: str) -> None:
    path = "/organise/events/e/mail/texts/confirmation"
    assert save(team, path, body_de="Neu", seen_de=mark).status_code == 409
    assert rows(app) == []


def test_texts_of_all_events_belong_to_admins(team: Browser, viewer: Browser, event: Event) -> None:
    assert team.get(PLACES[0]).status_code == 403
    assert team.get(f"{PLACES[0]}/moved").status_code == 403
    assert team.post(f"{PLACES[0]}/moved", {"body_de": "x"}).status_code == 403
    assert "organise/texts" not in team.get("/organise/").text
    for place in PLACES:
        assert viewer.get(place).status_code == 403


def test_series_belongs_to_those_who_see_all_events(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser],
    event: Event,
) -> None:  # fmt: skip
    person = make_person("halb@example.org", "organiser")
    with app.app_context(), transaction():
        organiser = db.session.get_one(Organiser, person.id)
        organiser.sees_all = False
        assign(organiser, db.session.get_one(Event, event.id))
    browser = browser_of(person)
    assert browser.get(PLACES[2]).status_code == 200
    assert browser.get(PLACES[1]).status_code == 403


def test_foreign_events_and_unknown_mails_are_missing(
    app: Flask, team: Browser, stranger: Browser, event: Event
) -> None:
    assert stranger.get(PLACES[2]).status_code == 404
    for kind in ("repeat", "subscription", "note", "own-1", "nichts"):
        assert team.get(f"{PLACES[2]}/{kind}").status_code == 404
    make_event(app, slug="allein", series="")
    assert team.get("/organise/events/allein/series-texts").status_code == 404


def test_own_message_has_the_same_editor_and_needs_no_english(
    app: Flask, team: Browser, event: Event
) -> None:
    with app.app_context(), transaction():
        db.session.add(
            Step(
                event_id=event.id, name="own-1a", kind="note", audience="confirmed",
                title="Anreise", anchor="start", unit="days", due_at=NOW,
            )
        )  # fmt: skip
    path = f"{PLACES[2]}/own-1a"
    assert "Anreise" in team.get(PLACES[2]).text
    assert save(team, path, body_de="Bus 5", subject_de="Anreise").status_code == 303
    assert [(row.locale, row.kind) for row in rows(app)] == [("de", "own-1a")]
    assert save(team, path, body_en="Bus no. 5", subject_en="").status_code == 422
    assert save(team, path, body_en="Bus no. 5", subject_en="Getting there").status_code == 303
    assert save(team, path, body_en="", subject_en="").status_code == 303
    assert [row.locale for row in rows(app)] == ["de"]


def test_mail_stands_beside_its_text_without_a_press(team: Browser, event: Event) -> None:
    page = team.get("/organise/events/e/mail/texts/confirmation").text
    assert page.count('class="mail-text"') == 2
    assert "Dörfer" in page
    assert "Nothing has been saved" not in page


def test_changed_text_shows_what_differs_from_the_one_that_would_count(
    admin: Browser, event: Event
) -> None:
    wide, own = f"{PLACES[0]}/waitlist", f"{PLACES[2]}/waitlist"
    assert 'id="differences"' not in admin.get(own).text
    save(admin, wide, body_de="Gilt für alle <b>")
    page = admin.get(wide).text
    assert "Was vom Standardtext abweicht" in page
    assert "<ins>Gilt für alle &lt;b&gt;" in page
    save(admin, own, body_de="Gilt für alle <i>")
    page = admin.get(own).text
    assert "Was von dem Text abweicht, der sonst gelten würde" in page
    assert "<del>&lt;b&gt;</del><ins>&lt;i&gt;</ins>" in page
    assert 'id="differences"' in page
    admin.post(f"{own}/reset", form_of(admin, own))
    assert 'id="differences"' not in admin.get(own).text


def test_both_languages_are_shown_where_something_is_wrong(team: Browser, event: Event) -> None:
    path = "/organise/events/e/mail/texts/confirmation"
    assert 'value="de" checked' in team.get(path).text
    assert 'value="both" checked' in save(team, path, body_en="{{zwei}}").text
    assert 'value="en" checked' in save(team, path, do="preview", shown="en").text

"""The organisers' page of feedback: questions, results from five answers on, export."""

import csv
import io
import re

from flask import Flask
from python_calamine import CalamineWorkbook

from ikone_events.services.followup.feedback import feedback_fields, text_key
from tests.factories import PAST, make_event, make_registration
from tests.feedback import LIKED, RATING, give_all, past_event, stored_values
from tests.own_fields import make_field
from tests.web.organiser.conftest import Browser

WORDS = ["zuletzt", "Kaffee <b>", "=1+1", "Beispiele", "Alles"]


def test_page_offers_the_usual_questions(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/feedback"
    page = team.get(path)
    assert '<main data-page="feedback"' in page.text
    assert "Übliche Fragen übernehmen" in page.text
    stale = team.post(f"{path}/suggested", {"edit_version": str(event.edit_version + 1)})
    assert stale.status_code == 409
    added = team.post(f"{path}/suggested", {"edit_version": str(event.edit_version)})
    assert (added.status_code, added.location) == (303, f"{path}/form")
    with app.app_context():
        assert len(feedback_fields(event)) == 4
    fields = team.get(f"{path}/form").text
    assert "Was hat Ihnen gefallen?" in fields
    assert 'value="email"' not in fields
    assert "Was hat Ihnen gefallen?" not in team.get(f"/organise/events/{event.slug}/form").text
    preview = team.get(f"{path}/preview?form=en").text
    assert "What did you like?" in preview
    assert "5 – very good</label>" in preview


def test_questions_are_added_and_edited_by_the_usual_pages(app: Flask, team: Browser) -> None:
    event = past_event(app)
    path = f"/organise/events/{event.slug}"
    new = team.get(f"{path}/feedback/form/new?kind=yes_no").text
    assert 'name="seen_by"' not in new
    assert 'name="keep"' not in new
    entries = {"kind": "yes_no", "label": "Kommen Sie wieder?", "edit_version": "1"}
    saved = team.post(f"{path}/feedback/form/new", entries)
    assert saved.location.startswith(f"{path}/feedback/form#field-kommen")
    moved = team.post(f"{path}/form/fields/{LIKED}/move", {"to": "up", "edit_version": "2"})
    assert moved.location == f"{path}/feedback/form#field-{LIKED}"
    with app.app_context():
        assert feedback_fields(event)[0].key == LIKED
    refused = team.post(f"{path}/feedback/form/new", {**entries, "label": "", "edit_version": "3"})
    assert refused.status_code == 422


def test_results_wait_for_five_answers(app: Flask, team: Browser) -> None:
    event = past_event(app)
    give_all(app, event, WORDS[:4])
    path = f"/organise/events/{event.slug}/feedback"
    page = team.get(path).text
    assert "ab 5 Personen" in page
    assert "4 gefragt (100\xa0%)" in page
    assert "Beispiele" not in page
    for kind in ("csv", "xlsx"):
        assert team.get(f"{path}.{kind}").status_code == 409
    give_all(app, event, WORDS[4:], rating="1")
    make_registration(app, event)
    page = team.get(path).text
    assert "6 gefragt (83\xa0%)" in page
    assert "Mittelwert: 3,4 von 5" in page
    texts = re.findall(r'<p class="lines">(.*?)</p>', page)
    assert texts == ["=1+1", "Alles", "Beispiele", "Kaffee &lt;b&gt;", "zuletzt"]
    assert "Mean: 3.4 of 5" in team.get(f"{path}?lang=en").text


def test_results_are_exported_as_they_are_shown(app: Flask, team: Browser) -> None:
    event = past_event(app)
    make_field(app, event, form="feedback", key="wieder", kind="yes_no", label="Wieder?")
    give_all(app, event, WORDS)
    path = f"/organise/events/{event.slug}/feedback"
    content = team.get(f"{path}.csv").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content), delimiter=";"))
    assert rows[:3] == [
        ["question", "answer", "number"],
        ["Wie hat Ihnen die Veranstaltung insgesamt gefallen?", "5 – sehr gut", "0"],
        ["Wie hat Ihnen die Veranstaltung insgesamt gefallen?", "4", "5"],
    ]
    assert ["Was hat Ihnen gefallen?", "'=1+1", "1"] in rows
    book = CalamineWorkbook.from_filelike(io.BytesIO(team.get(f"{path}.xlsx").data))
    assert len(book.get_sheet_by_index(0).to_python()) == len(rows) == 1 + 5 + 5 + 2


def test_text_that_names_somebody_is_deleted(app: Flask, team: Browser) -> None:
    event = past_event(app)
    give_all(app, event, WORDS)
    path = f"/organise/events/{event.slug}/feedback"
    entries = {"field": LIKED, "text": text_key("Alles")}
    assert team.post(f"{path}/strike-out", entries).status_code == 303
    assert "Alles" not in stored_values(app)
    assert team.post(f"{path}/strike-out", entries).status_code == 404
    assert team.post(f"{path}/strike-out", {"field": RATING, "text": "x"}).status_code == 404


def test_pages_of_foreign_events_are_missing(app: Flask, team: Browser) -> None:
    assert team.get("/organise/events/nirgends/feedback").status_code == 404
    assert team.get("/organise/events/nirgends/feedback/preview").status_code == 404


def test_survey_of_the_event_is_named_while_there_are_no_questions(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, **PAST, feedback_url="https://umfrage.example.org/")
    page = team.get(f"/organise/events/{event.slug}/feedback").text
    assert "https://umfrage.example.org/" in page

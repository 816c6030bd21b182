"""The organisers' pages of speakers: enter, look, send, change, remove; who may see what."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.speakers import Speaker
from tests.factories import make_event, make_material, make_registration, make_speaker
from tests.rows import written_mails
from tests.web.organiser.conftest import Browser, Person

TYPED = {
    "role": "speaker",
    "name": "Dr. Ada Beispiel",
    "email": "ada@example.org",
    "organisation": "Hochschule Trier",
    "locale": "de",
    "edit_version": "1",
}


def pages(event: Event) -> str:
    return f"/organise/events/{event.slug}/speakers"


def stored(app: Flask) -> list[Speaker]:
    with app.app_context():
        return list(db.session.scalars(select(Speaker).order_by(Speaker.id)))


@pytest.mark.parametrize(
    ("lang", "words"),
    [("de", ("Mitwirkende", "Einladung senden")), ("en", ("Contributors", "Send the briefing"))],
)
def test_somebody_is_entered_looked_at_and_briefed(
    app: Flask, team: Browser, lang: str, words: tuple[str, ...]
) -> None:
    event = make_event(app)
    answer = team.post(f"{pages(event)}/new?lang={lang}", TYPED)
    (speaker,) = stored(app)
    assert answer.location == f"{pages(event)}/{speaker.public_id}/briefing"
    assert written_mails(app) == []
    preview = team.get(answer.location)
    assert "Ihre Mitwirkung" in preview.text
    assert words[1] in preview.text
    assert "/speaker/…" in preview.text
    sent = team.post(answer.location, {"seen": "0"}, follow_redirects=True)
    assert words[0] in sent.text
    (mail,) = written_mails(app)
    assert (mail.recipient, mail.kind, mail.state) == (
        "ada@example.org",
        "speaker_briefing",
        "queued",
    )
    team.post(answer.location, {"seen": "0"})
    assert len(written_mails(app)) == 1


def test_draft_enters_speakers_and_briefs_them_later(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    answer = team.post(f"{pages(event)}/new", TYPED)
    assert answer.location == pages(event)
    (speaker,) = stored(app)
    refused = team.post(f"{pages(event)}/{speaker.public_id}/briefing?lang=en", {"seen": "0"})
    assert refused.status_code == 422
    assert "Please announce the event first." in refused.text


@pytest.mark.parametrize(
    "values", [{"email": "ada@"}, {"email": ""}, {"name": ""}, {"name": "www.evil.example/x"}]
)
def test_bad_input_keeps_what_was_typed(app: Flask, team: Browser, values: dict[str, str]) -> None:
    answer = team.post(f"{pages(make_event(app))}/new", {**TYPED, **values})
    assert answer.status_code == 422
    assert "Hochschule Trier" in answer.text
    assert stored(app) == []


def test_same_address_twice_is_refused_and_a_registered_one_is_shown(
    app: Flask, team: Browser
) -> None:
    event = make_event(app)
    make_registration(app, event, email="ada@example.org")
    team.post(f"{pages(event)}/new", TYPED)
    again = team.post(f"{pages(event)}/new?lang=en", TYPED)
    assert again.status_code == 422
    assert "Somebody with this address has already been entered." in again.text
    assert "Also registered as an attendee" in team.get(f"{pages(event)}?lang=en").text


def test_of_two_who_edit_the_second_is_warned(app: Flask, team: Browser) -> None:
    event = make_event(app)
    speaker = make_speaker(app, event, edit_version=2)
    answer = team.post(f"{pages(event)}/{speaker.public_id}", TYPED)
    assert answer.status_code == 409
    assert "Dr. Ada Beispiel" in answer.text
    saved = team.post(f"{pages(event)}/{speaker.public_id}", {**TYPED, "edit_version": "2"})
    assert saved.status_code == 303
    assert stored(app)[0].name == "Dr. Ada Beispiel"


def test_removal_asks_first(app: Flask, team: Browser) -> None:
    event = make_event(app)
    speaker = make_speaker(app, event)
    path = f"{pages(event)}/{speaker.public_id}/remove"
    assert team.get(path).status_code == 200
    assert len(stored(app)) == 1
    assert team.post(path).status_code == 303
    assert stored(app) == []


def test_viewers_see_names_alone(app: Flask, viewer: Browser) -> None:
    event = make_event(app)
    speaker = make_speaker(app, event)
    page = viewer.get(pages(event)).text
    assert speaker.name in page
    assert speaker.email not in page
    assert speaker.public_id not in page
    one = f"{pages(event)}/{speaker.public_id}"
    for path in (f"{pages(event)}/new", one, f"{one}/briefing", f"{one}/remove"):
        assert viewer.get(path).status_code == 403
        assert viewer.post(path, TYPED).status_code == 403


def test_speakers_of_other_events_answer_like_missing_ones(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[..., Browser]
) -> None:
    mine, other = make_event(app), make_event(app)
    speaker, own = make_speaker(app, other), make_speaker(app, mine)
    limited = browser_of(make_person("only@example.org", only=(mine.slug,)))
    assert limited.get(f"{pages(mine)}/{own.public_id}").status_code == 200
    for base in (pages(other), pages(mine)):
        one = f"{base}/{speaker.public_id}"
        for path in (one, f"{one}/briefing", f"{one}/remove"):
            assert limited.get(path).status_code == 404
            assert limited.post(path, TYPED).status_code == 404
    assert limited.get(pages(other)).status_code == 404


def test_strangers_are_sent_to_the_login(app: Flask) -> None:
    event = make_event(app)
    speaker = make_speaker(app, event)
    for path in (pages(event), f"{pages(event)}/{speaker.public_id}"):
        answer = app.test_client().get(path)
        assert answer.status_code == 303
        assert "/login" in answer.location


def test_office_sees_and_releases_what_was_uploaded(app: Flask, team: Browser) -> None:
    event = make_event(app, state="dispatched")
    speaker = make_speaker(app, event)
    waiting = make_material(app, event, released=False, speaker_id=speaker.id)
    materials = f"/organise/events/{event.slug}/materials"
    today = team.get("/organise/?lang=en").text
    assert "are waiting for your release: 1." in today
    page = team.get(materials).text
    assert speaker.name in page
    assert "Uploaded, not released yet" in page
    assert team.post(f"{materials}/{waiting.public_id}/release").status_code == 303
    assert "Uploaded, not released yet" not in team.get(materials).text
    again = team.post(f"{materials}/{waiting.public_id}/release")
    assert again.status_code == 409
    foreign = f"/organise/events/{make_event(app).slug}/materials"
    assert team.post(f"{foreign}/{waiting.public_id}/release").status_code == 404


def test_overview_leads_to_the_speakers(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_speaker(app, event)
    page = team.get(f"/organise/events/{event.slug}?lang=en").text
    assert f'href="{pages(event)}"' in page
    assert "briefing not sent yet" in page


@pytest.mark.parametrize("path", ["do/cancel", "do/postpone", "date"])
def test_pages_state_that_speakers_are_notified_too(app: Flask, team: Browser, path: str) -> None:
    event = make_event(app)
    make_registration(app, event)
    make_speaker(app, event, name="Noch nicht eingeladen")
    speaker = make_speaker(app, event, calendar_sequence=0, calendar_method="REQUEST")
    page = team.get(f"/organise/events/{event.slug}/{path}?lang=en").text
    assert f"One contributor is told too, with the calendar entry: {speaker.name}." in page
    assert "Noch nicht eingeladen" not in page


def test_text_of_the_briefing_is_edited_with_a_preview(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/mail/texts/speaker_briefing?lang=en"
    page = team.get(path).text
    for name in ("rolle", "fragen_vorab", "raum_und_weg", "hochladelink"):
        assert name in page

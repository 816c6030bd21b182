"""Preview of a draft's public page and form: the public templates, for the team alone."""

from flask import Flask

from tests.factories import make_event
from tests.own_fields import make_field
from tests.web.organiser.conftest import Browser


def test_draft_is_shown_as_its_open_page_will_look(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft", speakers="Frau Dr. Beispiel", summary="Bald.")
    answer = team.get(f"/organise/events/{event.slug}/public")
    assert answer.status_code == 200
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex">' in answer.text
    assert "Vorschau" in answer.text
    for text in (event.title, "Frau Dr. Beispiel", "Bald.", "Anmeldung offen"):
        assert text in answer.text
    assert f'href="/organise/events/{event.slug}/public/register"' in answer.text
    assert f"/events/{event.slug}/event.ics" not in answer.text
    assert team.get(f"/events/{event.slug}").status_code == 404


def test_form_is_shown_without_a_way_to_send_it(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    make_field(app, event, key="mittagessen", label="Mittagessen")
    page = team.get(f"/organise/events/{event.slug}/public/register?lang=en").text
    assert 'name="last_name"' in page
    assert "Mittagessen" in page
    form = page.partition('id="register"')[2].partition("</form>")[0]
    assert 'type="submit"' not in form
    assert f'/events/{event.slug}/register"' not in page.replace("/public/register", "")


def test_preview_of_a_public_event_leads_to_its_page(app: Flask, team: Browser) -> None:
    event = make_event(app, state="announced")
    answer = team.get(f"/organise/events/{event.slug}/public")
    assert (answer.status_code, answer.location) == (303, f"/events/{event.slug}")
    answer = team.get(f"/organise/events/{event.slug}/public/register")
    assert (answer.status_code, answer.location) == (303, f"/events/{event.slug}/register")


def test_preview_is_for_those_who_see_the_event(
    app: Flask, viewer: Browser, stranger: Browser
) -> None:
    event = make_event(app, state="draft")
    for path in ("public", "public/register"):
        address = f"/organise/events/{event.slug}/{path}"
        assert viewer.get(address).status_code == 200
        assert stranger.get(address).status_code == 404
        assert app.test_client().get(address).status_code in (302, 303, 403)

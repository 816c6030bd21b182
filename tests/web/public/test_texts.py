"""Privacy, imprint, accessibility: there from the first day, replaceable by files."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.config import Settings

PAGES = ("privacy", "imprint", "accessibility")


@pytest.mark.parametrize("name", PAGES)
def test_text_exists_in_both_languages(client: FlaskClient, name: str) -> None:
    german, english = client.get(f"/{name}?lang=de"), client.get(f"/{name}?lang=en")
    assert german.status_code == english.status_code == 200
    assert "IKONE DS" in german.text
    assert german.text != english.text
    assert "{{" not in german.text + english.text


def test_privacy_names_the_contact_and_the_address(client: FlaskClient) -> None:
    text = client.get("/privacy").text
    assert "datenschutz@example.org" in text
    assert "Musterstraße 1" in text


def test_installation_replaces_a_text_by_a_file(
    app: Flask, client: FlaskClient, settings: Settings
) -> None:
    folder = settings.data_dir / "pages"
    folder.mkdir()
    (folder / "imprint.de.md").write_text("# Eigener Text\n\n<script>x</script> **fett**", "utf-8")
    text = client.get("/imprint?lang=de").text
    assert "<h2>Eigener Text</h2>" in text
    assert "<strong>fett</strong>" in text
    assert "<script>x" not in text
    assert "Eigener Text" not in client.get("/imprint?lang=en").text


def test_every_page_leads_to_the_texts(client: FlaskClient) -> None:
    for path in ("/", "/nothing", "/privacy", "/login"):
        text = client.get(path).text
        assert all(f'href="/{name}"' in text for name in PAGES)


def test_security_contact_can_be_found(client: FlaskClient) -> None:
    answer = client.get("/.well-known/security.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert "Contact: mailto:datenschutz@example.org\n" in answer.text
    assert "Expires: 2026-08-29T09:00:00Z\n" in answer.text

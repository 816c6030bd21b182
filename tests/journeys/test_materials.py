"""Materials from the upload to the people, without any script, and past the virus scanner."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import PAST, make_event, make_registration, personal_path
from tests.journeys.installation import Installation, running
from tests.journeys.people import log_in, window
from tests.patience import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation whose scanner finds something in files that say so."""
    script = tmp_path / "scanner"
    script.write_text('#!/bin/sh\n! grep -q EICAR "$1"\n')
    script.chmod(0o755)
    with running(tmp_path / "data", scan_command=(str(script),), tick_seconds=1) as started:
        yield started


def test_materials_reach_those_whom_they_are_for(
    browser: Browser, installation: Installation, tmp_path: Path
) -> None:
    app, url = installation.app, installation.url
    event = make_event(app, slug="vortrag", state="followed_up", **PAST)
    chosen = make_registration(app, event, last_name="Auserwählt")
    other = make_registration(app, event, last_name="Übrig")
    page = f"{url}/organise/events/vortrag/materials"
    with window(browser, javascript=False) as team, window(browser, javascript=False) as people:
        log_in(team, url)
        _upload(team, page, tmp_path, "Folien", b"%PDF-1.7 gut")
        _upload(team, page, tmp_path, "Verseucht", b"%PDF-1.7 EICAR")
        _write_note(team, page)
        wait_for(
            lambda: "zurückgehalten" in _text(team, page) and "Wird auf" not in _text(team, page)
        )
        for place in (1, 0):
            team.click("button[aria-label='Nach oben Nur für Sie']")
            expect(team.locator("#materials h3").nth(place)).to_contain_text("Nur für Sie")
        names = team.locator("#materials h3").all_inner_texts()
        titles = [name.split("\n")[0].strip() for name in names]
        assert titles == [
            "Nur für Sie",
            "Folien",
            "Verseucht",
        ]

        public = _text(people, f"{url}/events/vortrag")
        assert "Folien" in public
        assert "Verseucht" not in public
        own = _text(people, f"{url}{personal_path(app, chosen, '/materials')}")
        assert own.index("Nur für Sie") < own.index("Folien (PDF")
        with people.expect_download() as waiting:
            people.click("main a:has-text('Folien')")
        assert Path(waiting.value.path()).read_bytes() == b"%PDF-1.7 gut"
        rest = _text(people, f"{url}{personal_path(app, other, '/materials')}")
        assert "Nur für Sie" not in rest

        _delete(team, page, "Verseucht")
        assert "Verseucht" not in _text(team, page)


def _text(window: Page, address: str) -> str:
    window.goto(address)
    return window.inner_text("main")


def _upload(team: Page, page: str, folder: Path, title: str, content: bytes) -> None:
    file = folder / f"{title}.pdf"
    file.write_bytes(content)
    team.goto(page)
    team.set_input_files("[name=slides-file]", file)
    team.fill("[name=slides-title]", title)
    team.select_option("[name=slides-visibility]", "public")
    team.click("form[action$='/materials/slides'] button[type=submit]")
    expect(team.locator("#materials")).to_contain_text(title)


def _write_note(team: Page, page: str) -> None:
    team.goto(page)
    team.click("a[href$='/materials/note']")
    team.fill("[name=note-title]", "Nur für Sie")
    team.fill("[name=note-description]", "Bitte melden Sie sich.")
    team.select_option("[name=note-visibility]", "chosen")
    team.select_option("[name=note-availability]", "now")
    team.click("form[data-guard] button[type=submit]")
    team.check("label:has-text('Auserwählt')")
    team.click("main form.form button[type=submit]")
    expect(team.locator(".flashes")).to_be_visible()


def _delete(team: Page, page: str, title: str) -> None:
    team.goto(page)
    team.click(f"a[aria-label='Löschen … {title}']")
    team.click("main form.post button")
    expect(team.locator(".flashes")).to_be_visible()

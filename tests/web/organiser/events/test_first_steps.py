"""The card with the first steps: ticked by facts, put aside for all, gone when all is done."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.factories import NOW, make_event, make_mail, make_organisation, make_registration
from tests.web.organiser.conftest import Browser, Person
from tests.web.organiser.settings.conftest import set_variables

TODAY = "/organise/?lang=de"


@pytest.fixture
def admin(make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]) -> Browser:
    """The browser of an administrator of an installation without variables."""
    return browser_of(make_person("admin@example.org", "admin"))


@pytest.fixture(autouse=True)
def no_variables(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing about the organisation is set on the server."""
    set_variables(app, monkeypatch)


def card(browser: Browser) -> str:
    """The card, or nothing."""
    text = browser.get(TODAY).text
    return text.partition('aria-labelledby="first"')[2].partition("</section>")[0]


def test_steps_are_ticked_off_by_what_is_done(app: Flask, admin: Browser) -> None:
    page = card(admin)
    assert page.count("Erledigt:") == 0
    for path in ("settings/organisation#privacy_contact", "settings/mailbox#test",
                 "contacts/administrations/import", "events/new"):  # fmt: skip
        assert f'href="/organise/{path}"' in page
    contact = {"privacy_contact": "dsb@example.org", "organisation": "", "accent": ""}
    admin.post("/organise/settings/organisation", {**contact, "address": "", "seen": "0"})
    assert card(admin).count("Erledigt:") == 1
    make_organisation(app, "Bendorf")
    assert card(admin).count("Erledigt:") == 2
    person = make_registration(app, make_event(app))
    assert card(admin).count("Erledigt:") == 3
    make_mail(app, person, state="failed")
    assert card(admin).count("Erledigt:") == 3
    make_mail(app, person, state="sent", sent_at=NOW)
    assert card(admin) == ""


def test_variable_counts_as_done(
    app: Flask, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_variables(app, monkeypatch, privacy_contact="dsb@example.org")
    assert card(admin).count("Erledigt:") == 1


def test_card_is_put_aside_for_all_administrators(
    admin: Browser,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> None:
    second = browser_of(make_person("zweite@example.org", "admin"))
    assert card(second).count("<li") == card(admin).count("<li") == 4
    assert admin.post("/organise/settings/first-steps/close").status_code == 303
    assert card(admin) == card(second) == ""
    assert "Die Ansprechstelle für Datenschutz fehlt." in second.get(TODAY).text


def test_nobody_else_sees_the_card(team: Browser, viewer: Browser, stranger: Browser) -> None:
    for other in (team, viewer, stranger):
        assert card(other) == ""
        assert other.post("/organise/settings/first-steps/close").status_code == 403
    assert "Die Ansprechstelle für Datenschutz fehlt." in team.get(TODAY).text

"""The list of accounts and their changes, by administrators alone."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from tests.accounts import link_mails, make_account, stored_account
from tests.factories import make_event
from tests.web.organiser.conftest import Browser, Person

LIST = "/organise/settings/accounts"


@pytest.fixture
def admin(make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]) -> Browser:
    """The browser of an administrator."""
    return browser_of(make_person("chefin@example.org", "admin"))


def version(browser: Browser, path: str) -> str:
    found = re.search(r'name="access_version"[^>]*value="(\d+)"', browser.get(path).text)
    assert found
    return found[1]


def save(browser: Browser, number: int, **values: object) -> int:
    path = f"{LIST}/{number}"
    data = {"scope": "all", "access_version": version(browser, path), **values}
    return browser.post(path, data=data).status_code


def press(browser: Browser, number: int, action: str) -> int:
    path = f"{LIST}/{number}"
    data = {"access_version": version(browser, path)}
    return browser.post(f"{path}/{action}", data=data).status_code


@pytest.mark.parametrize("role", ["organiser", "viewer", "door"])
def test_only_administrators_come_here(
    app: Flask,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
    role: str,
) -> None:
    person = make_person(role=role)
    browser = browser_of(person)
    paths = ("", "/invite", f"/{person.id}")
    assert [browser.get(LIST + path).status_code for path in paths] == [403] * 3
    actions = ("/invite", "", "/disable", "/enable", "/link", "/end-sessions")
    for path in (f"/{person.id}{action}" if action != "/invite" else action for action in actions):
        assert browser.post(LIST + path).status_code == 403, path
    assert LIST not in browser.get("/organise/account").text


def test_list_shows_role_events_status_and_last_login(app: Flask, admin: Browser) -> None:
    slug = make_event(app).slug
    make_account(app, "o@example.org", "organiser", name="Otto Otter", only=(slug,))
    make_account(app, "neu@example.org", "viewer", name="Nora Neu", password=None)
    page = admin.get(LIST).text
    shown = ("Otto Otter", "Nur 1 Veranstaltung", "noch ohne Passwort", "Nur ansehen", "noch nie")
    assert [words for words in shown if words not in page] == []


def test_invitation_writes_a_mail_and_is_confirmed(app: Flask, admin: Browser) -> None:
    slug = make_event(app).slug
    data = {"name": "Nora Neu", "email": "neu@example.org", "role": "viewer", "scope": "some"}
    assert admin.post(f"{LIST}/invite", data=data).status_code == 422  # no event is ticked
    answer = admin.post(f"{LIST}/invite", data={**data, "only": [slug]})
    assert (answer.status_code, answer.location) == (303, LIST)
    [mail] = link_mails(app)
    assert (mail.recipient, mail.recipient_name) == ("neu@example.org", "Nora Neu")
    assert admin.post(f"{LIST}/invite", data={**data, "only": [slug]}).status_code == 422
    refused = admin.post(f"{LIST}/invite", data={**data, "role": "admin", "only": [slug]})
    assert refused.status_code == 422


def test_role_and_events_are_changed_and_the_session_ends(
    app: Flask,
    admin: Browser,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> None:
    person, slug = make_person(), make_event(app).slug
    browser = browser_of(person)
    assert browser.get("/organise/").status_code == 200
    assert save(admin, person.id, role="viewer", scope="some", only=[slug]) == 303
    assert browser.get("/organise/").status_code == 303
    account = stored_account(app, person.id)
    assert (account.role, account.sees_all) == ("viewer", False)
    assert save(admin, person.id, role="king") == 422


def test_account_is_disabled_and_enabled(
    app: Flask,
    admin: Browser,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> None:
    person = make_person()
    browser = browser_of(person)
    assert press(admin, person.id, "disable") == 303
    assert browser.get("/organise/").status_code == 303
    assert not stored_account(app, person.id).active
    assert "Gesperrt" in admin.get(LIST).text
    assert press(admin, person.id, "link") == 409
    assert press(admin, person.id, "enable") == 303
    assert stored_account(app, person.id).active


def test_link_and_end_of_sessions(
    app: Flask,
    admin: Browser,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> None:
    person = make_person()
    browser = browser_of(person)
    assert press(admin, person.id, "link") == 303
    assert browser.get("/organise/").status_code == 200
    assert press(admin, person.id, "end-sessions") == 303
    assert browser.get("/organise/").status_code == 303
    assert [mail.kind for mail in link_mails(app)] == ["password_reset"]


def test_page_of_an_older_version_changes_nothing(
    app: Flask, admin: Browser, make_person: Callable[..., Person]
) -> None:
    person = make_person()
    path, seen = f"{LIST}/{person.id}", {"access_version": "1"}
    assert save(admin, person.id, role="viewer") == 303
    answer = admin.post(path, data={**seen, "role": "organiser", "scope": "all"})
    assert answer.status_code == 409
    assert "inzwischen geändert" in answer.text
    for action in ("disable", "end-sessions"):
        assert admin.post(f"{path}/{action}", data=seen).status_code == 409
        assert admin.post(f"{path}/{action}").status_code == 409
    account = stored_account(app, person.id)
    assert (account.role, account.active, account.access_version) == ("viewer", True, 2)


def test_last_administrator_is_shown_why(app: Flask, admin: Browser) -> None:
    with app.app_context():
        number = int(re.findall(rf"{LIST}/(\d+)", admin.get(LIST).text)[0])
    assert save(admin, number, role="viewer") == 409
    assert press(admin, number, "disable") == 409
    assert stored_account(app, number).active
    assert admin.get("/organise/").status_code == 200


def test_missing_account_is_not_found(admin: Browser) -> None:
    assert admin.get(f"{LIST}/99").status_code == 404
    assert admin.post(f"{LIST}/99/disable").status_code == 404


def test_administrator_who_was_limited_before_does_not_lift_the_limit(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> None:
    person = make_person(role="admin")
    with app.app_context(), transaction():
        db.session.get_one(Organiser, person.id).sees_all = False
    browser = browser_of(person)
    assert browser.get(LIST).status_code == 403
    assert browser.post(f"{LIST}/invite").status_code == 403

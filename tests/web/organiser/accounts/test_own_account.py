"""The own account: name, language, password, other sessions."""

from collections.abc import Callable

from flask import Flask

from tests.accounts import stored_account
from tests.web.organiser.accounts.conftest import OWN
from tests.web.organiser.conftest import PASSWORD, Browser, Person
from tests.web.organiser.test_login import log_in

NEW = "drei blaue Fahrräder"


def change(browser: Browser, present: str = PASSWORD, new: str = NEW) -> int:
    data = {"present": present, "password": new, "again": new}
    return browser.post(f"{OWN}/password", data=data).status_code


def test_name_and_language_are_stored(app: Flask, own: Browser, person: Person) -> None:
    answer = own.post(OWN, data={"name": "Wilma W.", "locale": "en"})
    assert (answer.status_code, answer.location) == (303, OWN)
    account = stored_account(app, person.id)
    assert (account.name, account.locale, account.access_version) == ("Wilma W.", "en", 1)
    assert '<html lang="en">' in own.get(OWN).text
    assert own.post(OWN, data={"name": "", "locale": "en"}).status_code == 422
    assert own.post(OWN, data={"name": "W", "locale": "fr"}).status_code == 422
    assert own.post(OWN, data={"name": "=?utf-8?q?x?=", "locale": "en"}).status_code == 422


def test_login_speaks_the_chosen_language(app: Flask, own: Browser, person: Person) -> None:
    own.post(OWN, data={"name": "Wilma", "locale": "en"})
    client = app.test_client()
    log_in(client, person.email)
    assert '<html lang="en">' in client.get("/organise/").text
    assert stored_account(app, person.id).signed_in_at is not None


def test_opening_the_login_again_is_no_login(app: Flask, own: Browser, person: Person) -> None:
    assert own.get("/login").status_code == 303
    assert stored_account(app, person.id).signed_in_at is None


def test_language_stays_the_browsers_until_one_is_chosen(app: Flask, person: Person) -> None:
    client = app.test_client()
    client.set_cookie("lang", "en")
    log_in(client, person.email)
    assert '<html lang="en">' in client.get("/organise/").text


def test_password_change_leaves_this_session_alone(
    app: Flask, own: Browser, person: Person, browser_of: Callable[[Person], Browser]
) -> None:
    other = browser_of(person)
    assert change(own) == 303
    assert own.get(OWN).status_code == 200
    assert other.get(OWN).status_code == 303
    assert log_in(app.test_client(), person.email, NEW).status_code == 303
    assert log_in(app.test_client(), person.email, PASSWORD).status_code == 200


def test_password_change_asks_for_the_present_one(app: Flask, own: Browser, person: Person) -> None:
    assert change(own, present="falsch") == 422
    assert change(own, present="") == 422
    assert change(own, new="Password1234!") == 422
    assert change(own, new="wilma-und-der-Hund") == 422
    assert stored_account(app, person.id).access_version == 1


def test_other_sessions_end_and_this_one_stays(
    own: Browser, person: Person, browser_of: Callable[[Person], Browser]
) -> None:
    other = browser_of(person)
    assert own.post(f"{OWN}/end-sessions").status_code == 303
    assert (own.get(OWN).status_code, other.get(OWN).status_code) == (200, 303)


def test_door_has_an_own_account_and_no_list_of_events(
    make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> None:
    door = browser_of(make_person("tuer@example.org", "door"))
    assert door.get(OWN).status_code == 200
    assert door.get("/organise/events").status_code == 403
    assert 'href="/organise/events"' not in door.get(OWN).text

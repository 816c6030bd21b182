"""One account from the invitation to its end, through the pages and mails that people see."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.accounts import PASSWORD, link_in, make_account
from tests.journeys.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ADMIN, PERSON = "ada@example.org", "nora@example.org"
FIRST, SECOND = "drei blaue Fahrräder", "vier rote Roller, bitte"


def send(page: Page, form: str, **entries: str) -> None:
    for name, value in entries.items():
        page.fill(f"{form} [name={name}]", value)
    page.click(f"{form} button[type=submit]")
    page.wait_for_load_state()


def log_in(page: Page, address: str, email: str, password: str) -> None:
    page.goto(f"{address}/login")
    send(page, "main form", email=email, password=password)


def test_account_from_invitation_to_end(browser: Browser, installation: Installation) -> None:
    make_account(installation.app, ADMIN, name="Ada Amt")
    admin, person = (browser.new_page(locale="de-DE") for _ in range(2))
    _invite(admin, installation)
    _set_first_password(person, installation)
    _change_own_details(person, installation.url)
    _forget(person, installation.url)
    installation.mails_to(PERSON, number=2)
    _disable(admin, installation.url)
    _find_everything_closed(person, installation)
    for page in (admin, person):
        page.context.close()


def _invite(admin: Page, installation: Installation) -> None:
    log_in(admin, installation.url, ADMIN, PASSWORD)
    admin.click("nav.main a[href*='/settings/']")
    admin.click(".chips a[href$='/settings/accounts']")
    admin.click("main a[href$='/invite']")
    send(admin, "form.form", name="Nora Neu", email=PERSON)


def _set_first_password(person: Page, installation: Installation) -> None:
    [invitation] = installation.mails_to(PERSON, number=1)
    assert "Ada Amt hat für Sie einen Zugang" in invitation.text
    url = installation.url
    link = url + link_in(invitation.text)
    person.goto(link)
    send(person, "main form", password="Password1234!", again="Password1234!")
    assert "verwenden viele" in person.inner_text("main")
    send(person, "main form", password=FIRST, again=FIRST)
    assert person.url == f"{url}/login"
    person.goto(link)
    assert person.is_visible("text=Neuen Link anfordern")
    log_in(person, url, PERSON, FIRST)
    assert person.url == f"{url}/organise/"


def _change_own_details(person: Page, url: str) -> None:
    person.goto(f"{url}/organise/account")
    person.select_option("[name=locale]", "en")
    send(person, "form[action$='/organise/account']", name="Nora New")
    assert person.inner_text("h1") == "My account"
    send(person, "form[action$='/password']", present=FIRST, password=SECOND, again=SECOND)
    assert "Your password is changed" in person.inner_text(".flashes")


def _disable(admin: Page, url: str) -> None:
    admin.goto(f"{url}/organise/settings/accounts")
    admin.click("text=Nora New")
    admin.click("form[action$='/disable'] button")
    expect(admin.locator(".flashes")).to_contain_text("gesperrt")


def _find_everything_closed(person: Page, installation: Installation) -> None:
    """The session, the login, the link that came before, and a new one."""
    url = installation.url
    [_invitation, reset] = installation.mails_to(PERSON, number=2)
    assert "Dear Nora New," in reset.text
    person.goto(f"{url}/organise/account")
    assert person.url.startswith(f"{url}/login")
    log_in(person, url, PERSON, SECOND)
    assert person.is_visible("#error-summary")
    person.goto(url + link_in(reset.text))
    assert person.is_visible("a[href$='/login/reset']")
    _forget(person, url)
    _forget(person, url, ADMIN)
    installation.mails_to(ADMIN, number=1)
    installation.mails_to(PERSON, number=2)  # nothing more has come


def _forget(page: Page, url: str, email: str = PERSON) -> None:
    page.goto(f"{url}/login/reset")
    send(page, "main form", email=email)
    assert page.url == f"{url}/login/reset/sent"

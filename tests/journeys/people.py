"""What the people of a journey do in their browsers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, expect

from tests.browser import collect_problems
from tests.journeys.installation import ORGANISER, PASSWORD

ROOM = "https://video.example.org/raum-geheim"
WINDOW = {"width": 1280, "height": 900}


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody who registers; `locale` is what their browser asks for."""

    first_name: str
    last_name: str
    email: str
    locale: str = "de-DE"
    question: str = ""

    @property
    def traces(self) -> tuple[str, ...]:
        """What would give the person away in somebody else's mail."""
        return self.email, self.last_name


@contextmanager
def window(browser: Browser, *, locale: str = "de-DE", javascript: bool = True) -> Iterator[Page]:
    """A browser without history. Any complaint of a page fails the journey when it closes.

    The video room is another site: a page stands there in place of it.
    """
    context = browser.new_context(locale=locale, viewport=WINDOW, java_script_enabled=javascript)
    context.route(f"{ROOM}*", lambda route: route.fulfill(body="the video room"))
    page = context.new_page()
    problems = collect_problems(page)
    try:
        yield page
        found = [p for p in problems if not p.startswith(f"foreign request: {ROOM}")]
        assert not found, found
    finally:
        context.close()


def expect_outcome(page: Page, outcome: str) -> None:
    """Wait until the page says to programs that it is this."""
    expect(page.locator("main")).to_have_attribute("data-outcome", outcome)


def register(page: Page, address: str, person: Visitor) -> None:
    """Fill in the public form as the person would, and send it."""
    page.goto(address)
    page.fill("[name=first_name]", person.first_name)
    page.fill("[name=last_name]", person.last_name)
    page.fill("[name=email]", person.email)
    page.fill("[name=organisation]", "Stadtverwaltung Bendorf")
    page.fill("[name=question]", person.question)
    page.click("main form button[type=submit]")


def log_in(page: Page, url: str) -> None:
    """From the overview, which sends strangers to the login and brings them back."""
    page.goto(f"{url}/organise/")
    page.fill("[name=email]", ORGANISER)
    page.fill("[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(f"{url}/organise/")


def create_event(page: Page, url: str, fields: Mapping[str, str]) -> str:
    """Make a draft and fill in the rest; returns the name of the event in addresses."""
    page.goto(f"{url}/organise/events/new")
    for name in ("title", "starts_at"):
        page.fill(f"[name={name}]", fields[name])
    page.click("main form[data-guard] button[type=submit]")
    page.wait_for_selector("main .step")
    page.goto(f"{page.url}/edit")
    for summary in page.locator("main details > summary").all():
        if summary.evaluate("summary => !summary.parentElement.open"):
            summary.click()
    for name, value in fields.items():
        page.fill(f"[name={name}]", value)
    page.click("main form[data-guard] button[type=submit]")
    page.wait_for_selector("main .step")
    return page.url.rpartition("/")[2]


def unfold(page: Page) -> None:
    """Open every menu and every folded part of the page, as presses on their names would."""
    page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true })")


def press(page: Page, address: str, action: str) -> None:
    """Press the button of an action on the event's page and see that it was done."""
    page.goto(address)
    unfold(page)
    own_page = f"main a[href$='/{action.replace('_', '-')}']"
    look = page.locator(f"main a[href$='/preview/{action}'], {own_page}")
    if look.count():  # mails are looked at before they are sent
        look.first.click()
    page.click(f"form[action$='/do/{action}'] button:not([formaction])")
    page.wait_for_selector(".kern-alert--success")

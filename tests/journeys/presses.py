"""An organiser at the desk who presses what is in sight, and how often."""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, make_registration
from tests.journeys.installation import Installation

PRESSABLE = "a, button, summary"


class Desk:
    """Presses are counted, typing is not. Nobody types an address: a walk goes where links lead."""

    def __init__(self, page: Page, url: str) -> None:
        self.presses = 0
        self._page, self._url = page, url
        # With a window a press is enough for a button that copies.
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    def begin(self, path: str = "/organise/") -> None:
        """Start at *Heute*, or at the page that happens to be open when the telephone rings."""
        self._page.goto(self._url + path)
        self.presses = 0

    def press(self, name: str, *, within: str = "main") -> None:
        """Press the only link or button in sight that begins with this, which opens a page."""
        target = self._in_sight(name, within)
        with self._page.expect_navigation():
            target.click()
        self.presses += 1

    def press_here(self, name: str, *, within: str = "main") -> None:
        """Press what stays on the page: a menu, or a button that copies."""
        self._in_sight(name, within).click()
        self.presses += 1

    def search(self, words: str) -> None:
        """Type into the search at the top; Enter is a press."""
        self._page.fill("header [name=q]", words)
        with self._page.expect_navigation():
            self._page.press("header [name=q]", "Enter")
        self.presses += 1

    def type(self, **entries: str) -> None:
        """Fill in fields that are in sight, by their names."""
        for name, value in entries.items():
            self._page.locator(f"main [name={name}]").filter(visible=True).fill(value)

    def choose_file(self, path: Path) -> None:
        """Choose the file of the upload in sight."""
        self._page.locator("main input[type=file]").filter(visible=True).set_input_files(path)

    def untick(self, *names: str) -> None:
        """Take the ticks of people away, which the presses of the job do not contain."""
        for name in names:
            self._page.locator("main li", has_text=name).locator("input[type=checkbox]").uncheck()

    def reads(self) -> str:
        """The text of the page that is open."""
        return self._page.inner_text("main")

    def reads_soon(self, words: str) -> None:
        """Wait until the page, which a script of it brings up to date, says so."""
        expect(self._page.locator("main")).to_contain_text(words)

    def clipboard(self) -> str:
        """What the last button has copied."""
        return str(self._page.evaluate("navigator.clipboard.readText()"))

    def _in_sight(self, name: str, within: str) -> Locator:
        """The only one: two of the same name would leave the organiser to guess.

        The page is loaded whenever something is pressed, so nothing has to be waited for.
        """
        begins = re.compile(rf"^\s*{re.escape(name)}")
        pressable = self._page.locator(within).locator(PRESSABLE)
        found = pressable.filter(has_text=begins, visible=True)
        assert found.count() == 1, f"{name}: {found.count()} in sight at {self._page.url}"
        return found


@dataclass(frozen=True)
class Office:
    """One installation and the organiser who is logged in."""

    at: Installation
    desk: Desk

    def event(self, title: str, *names: str, **values: Any) -> Event:
        """An event of its own for a job, with these people confirmed."""
        event = make_event(self.at.app, title=title, **values)
        for name in names:
            self.person(event, name)
        return event

    def person(self, event: Event, name: str, **values: Any) -> Registration:
        """Somebody who is confirmed."""
        address = f"{name.lower()}@{event.slug}.example.org"
        return make_registration(self.at.app, event, last_name=name, email=address, **values)

    def next_event(self, title: str, *names: str) -> Event:
        """An event before all others: the one on the card of *Heute*."""
        with self.at.app.app_context():
            first = db.session.scalars(
                select(Event.starts_at).where(Event.starts_at > NOW).order_by(Event.starts_at)
            ).first()
        begins = (first or NOW + timedelta(days=9)) - timedelta(hours=2)
        return self.event(title, *names, starts_at=begins, ends_at=begins + timedelta(hours=2))

    def let_quiet_period_pass(self) -> None:
        """Until then a mailing can be taken back, and nothing leaves."""
        self.at.clock.move(minutes=11)

    def stored(self, event: Event) -> Event:
        """The event as it is stored now."""
        with self.at.app.app_context():
            return db.session.get_one(Event, event.id)

    def rows(self, wanted: Any) -> list[Any]:
        """What a query finds now."""
        with self.at.app.app_context():
            return list(db.session.scalars(wanted))

"""Forms and pages are sent values that no page of ours sends; what a server breaks at is listed.

`admin` is the administrator before whom a fault becomes its page, on either database.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.config import Settings
from tests.effort import by_night
from tests.factories import make_settings
from tests.web.organiser import conftest as people
from tests.web.organiser.conftest import Browser, Person

make_person, browser_of = people.make_person, people.browser_of  # fixtures
FEW = 3
Fields = Mapping[str, tuple[str, ...]]


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


@pytest.fixture
def admin(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> Iterator[Browser]:
    """An administrator's browser, before a server that answers faults by their page."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield browser_of(make_person(role="admin"))
    app.config["PROPAGATE_EXCEPTIONS"] = None


def odd_values(
    app: Flask, stored: Sequence[str], worst: Sequence[str], others: Sequence[str] = ()
) -> Sequence[str]:
    """What is tried: by day PostgreSQL gets what a database may refuse, SQLite the worst too."""
    embedded = not app.extensions["ikone_installation"].settings.database_url
    by_day = (*stored, *worst) if embedded else stored
    return by_night((*stored, *worst, *others), by_day)


def _in_turn(odd: Sequence[str], number: int) -> Sequence[str]:
    """By day every second of many values, the others for the next field."""
    return odd if len(odd) <= FEW else by_night(odd, odd[number % 2 :: 2])


def broken_forms(
    browser: Browser, forms: Fields, odd: Sequence[str], fit: Mapping[str, str]
) -> list[tuple[object, ...]]:
    """Where a server breaks: each value in each field of each form, the others being fit."""
    broken: list[tuple[object, ...]] = []
    for path, fields in forms.items():
        good = {name: fit[name] for name in fields if name in fit}
        for number, field in enumerate(fields):
            for value in _in_turn(odd, number):
                file = {"file": (BytesIO(b"%PDF-1.7"), "a.pdf")} if "/upload/" in path else {}
                answer = browser.post(path, {**good, **file, field: value})
                if answer.status_code >= 500:
                    broken.append((path, field, value[:40], answer.status_code))
    return broken


def broken_pages(browser: Browser, pages: Fields, odd: Sequence[str]) -> list[tuple[object, ...]]:
    """Each value for each word in the query of each page."""
    broken: list[tuple[object, ...]] = []
    for path, names in pages.items():
        for number, name in enumerate(names):
            for value in _in_turn(odd, number):
                answer = browser.client.get(path, query_string={name: value[:5000]})
                if answer.status_code >= 500:
                    broken.append((path, name, value[:40]))
    return broken

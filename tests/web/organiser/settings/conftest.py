"""An installation without variables, and administrators in their browsers."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from ikone_events.domain.identity import MOST_CHARACTERS
from tests.web.organiser.conftest import Browser, Person

UNSET = dict.fromkeys(MOST_CHARACTERS, "")


def set_variables(app: Flask, monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Start the installation with these variables alone."""
    known = app.extensions["ikone_installation"]
    settings = replace(known.settings, **{**UNSET, **values})
    monkeypatch.setitem(app.extensions, "ikone_installation", replace(known, settings=settings))


@pytest.fixture(autouse=True)
def no_variables(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing about the organisation is set on the server."""
    set_variables(app, monkeypatch)


@pytest.fixture
def admin(make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]) -> Browser:
    """The browser of an administrator."""
    return browser_of(make_person("admin@example.org", "admin"))


@pytest.fixture
def colleague(
    make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> Browser:
    """The browser of another administrator."""
    return browser_of(make_person("kollegin@example.org", "admin"))

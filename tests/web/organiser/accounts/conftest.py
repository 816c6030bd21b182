"""Somebody who organises, and their browser."""

from collections.abc import Callable

import pytest

from tests.web.organiser.conftest import Browser, Person

OWN = "/organise/account"


@pytest.fixture
def person(make_person: Callable[..., Person]) -> Person:
    """Somebody who organises."""
    return make_person()


@pytest.fixture
def own(person: Person, browser_of: Callable[[Person], Browser]) -> Browser:
    """Their browser."""
    return browser_of(person)

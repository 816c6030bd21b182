"""Addresses in forms: the short way for plain ones accepts and stores what the library does."""

from types import SimpleNamespace
from typing import Any

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st
from wtforms.validators import StopValidation

from ikone_events.domain.header_text import ascii_address
from ikone_events.domain.refusals import UnfitInput
from ikone_events.web.shell.forms import deliverable

LOCALS = st.text("aZ9._+-@ '\"äß", min_size=0, max_size=66)
DOMAINS = st.sampled_from(
    (
        *("example.org", "Amt.Example.ORG", "müller.example", "straße.de", "xn--mller-kva.example"),
        *("localhost", "x.test", "", "a..b", "-a.de", "b.example.", "a" * 64 + ".de"),
        *("1.2.3.4", "[1.2.3.4]"),
    )
)


def stored(address: str) -> str | None:
    """What a form stores; None if it refuses."""
    field: Any = SimpleNamespace(data=address)
    try:
        deliverable(None, field)
    except StopValidation:
        return None
    return str(field.data)


def as_the_library_says(address: str) -> str | None:
    try:
        checked = validate_email(address, check_deliverability=False)
        return ascii_address(f"{checked.local_part}@{checked.ascii_domain}")
    except (EmailNotValidError, UnfitInput, ValueError):
        return None


@given(LOCALS, DOMAINS)
@example("Info", "example.org")
@example("a" * 64, "example.org")
@example("a" * 65, "example.org")
def test_short_way_is_the_library(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    assert stored(address) == as_the_library_says(address)


@pytest.mark.parametrize("address", ["a@" + "b" * 60 + ".de" + "c" * 200, "a@" + "ü" * 63 + ".de"])
def test_long_domain_is_the_library(address: str) -> None:
    assert stored(address) == as_the_library_says(address)


@given(st.text("abc.@+é", max_size=20))
def test_any_text_is_the_library(address: str) -> None:
    assert stored(address) == as_the_library_says(address)

"""How an installation presents itself: which value is in effect, and which can't be stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.colours import (
    DARK_BOX,
    READABLE,
    contrast,
    for_dark_ground,
    is_readable,
    nearest_readable,
)
from ikone_events.domain.identity import (
    DEFAULT_NAME,
    MOST_CHARACTERS,
    StoredIdentity,
    identity_complaints,
    identity_in_effect,
    read_colour,
)

UNSET = dict.fromkeys(MOST_CHARACTERS, "")
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_variable_wins_over_the_browser_and_the_browser_over_the_default() -> None:
    entered = StoredIdentity(organisation="Entered", address="Entered street")
    variables = UNSET | {"organisation": "Variable"}
    assert identity_in_effect(variables, entered).organisation == "Variable"
    assert identity_in_effect(variables, entered).address == "Entered street"
    assert identity_in_effect(UNSET, entered).organisation == "Entered"
    assert identity_in_effect(UNSET, StoredIdentity()).organisation == DEFAULT_NAME


def test_damaged_colour_counts_as_none() -> None:
    found = identity_in_effect(UNSET, StoredIdentity(accent="red;}"))
    assert found.accent == ""
    assert found.mail_accent == "#0b4a8f"


@pytest.mark.parametrize(
    ("values", "about"),
    [
        ({"accent": "red;}"}, "accent"),
        ({"accent": "#ffffff"}, "accent"),
        ({"accent": "#ffcc00"}, "accent"),
        ({"organisation": "x" * 10_000}, "organisation"),
        ({"organisation": "Amt\r\nBcc: a@b.c"}, "organisation"),
        ({"organisation": "=?utf-8?q?Amt?="}, "organisation"),
        ({"organisation": "evil.tk/login"}, "organisation"),
        ({"address": "x" * 201}, "address"),
        ({"privacy_contact": "a\x00b"}, "privacy_contact"),
    ],
)
def test_unfit_value_is_refused_at_its_field(values: dict[str, str], about: str) -> None:
    assert [complaint.about for complaint in identity_complaints(values)] == [about]


def test_fit_and_empty_values_are_accepted() -> None:
    fit = {
        "organisation": "Amt für „Digitales“",
        "accent": "#006b2d",
        "address": "Amt, Marktplatz 1, 12345 Musterstadt",
        "privacy_contact": "datenschutz@example.org",
    }
    assert list(identity_complaints(fit)) == list(identity_complaints(UNSET)) == []


def test_colour_is_read_as_people_write_it() -> None:
    written = ["#FFF", "fff", "#0B4A8F", "0b4a8f", "red;}", "", "#12345g"]
    read = ["#ffffff", "#ffffff", "#0b4a8f", "#0b4a8f", "red;}", "", "#12345g"]
    assert [read_colour(text) for text in written] == read


@given(COLOURS)
def test_offered_colour_is_readable_wherever_it_is_used(colour: str) -> None:
    offer = nearest_readable(colour)
    assert is_readable(offer)
    assert contrast(offer, "#ffffff") >= READABLE
    assert contrast(for_dark_ground(offer), DARK_BOX) >= READABLE
    if is_readable(colour):
        assert offer == colour

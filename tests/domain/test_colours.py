"""Colours of an installation: readable on light ground, and lighter on dark ground."""

import pytest

from ikone_events.domain.colours import (
    ACCENT,
    DARK_BOX,
    LIGHT_BOX,
    READABLE,
    contrast,
    lightened,
    read_accent,
)


def test_contrast_is_that_of_wcag() -> None:
    known = {
        ("#000000", "#ffffff"): 21.0,
        ("#777777", "#ffffff"): 4.48,
        ("#ff0000", "#ffffff"): 4.0,
    }
    assert {pair: round(contrast(*pair), 2) for pair in known} == known


def test_accent_is_read_in_any_case() -> None:
    assert read_accent("#0B4A8F") == ACCENT == read_accent(ACCENT)


@pytest.mark.parametrize("text", ["blue", "#00f", "0b4a8f", "#0b4a8g", "#0b4a8f;", "#0b4a8f\n"])
def test_accent_is_no_other_text(text: str) -> None:
    with pytest.raises(ValueError, match="is not a colour"):
        read_accent(text)


@pytest.mark.parametrize("text", ["#ffcc00", "#777777", "#ffffff"])
def test_accent_that_nobody_can_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="too light"):
        read_accent(text)


@pytest.mark.parametrize("accent", [ACCENT, "#000000", "#006b2d", "#a4001e", "#6b3fa0"])
def test_accent_is_lightened_until_it_is_readable_on_dark_ground(accent: str) -> None:
    assert contrast(accent, LIGHT_BOX) >= READABLE
    assert contrast(lightened(accent, DARK_BOX, 7), DARK_BOX) >= 7
    assert lightened("#ffffff", DARK_BOX, 7) == "#ffffff"

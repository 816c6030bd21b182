"""Colours as #rrggbb, and their contrast as WCAG 2.2 defines it."""

import re
from collections.abc import Iterator
from colorsys import hls_to_rgb, rgb_to_hls

# Of links and buttons in mails, unless an installation has a colour of its own.
ACCENT = "#0b4a8f"
# The darkest ground of a light mail, and the lightest of a dark one: boxes.
LIGHT_BOX, DARK_BOX = "#f2f5fa", "#292c3a"
# The least contrast of text to its ground (1.4.3), and on dark ground, where we choose the tint.
READABLE, READABLE_IN_DARK = 4.5, 7
# How much of the accent is in the ground of a button that the mouse is over, and of chosen entries.
_IN_GROUND = 0.12
_LINEAR = 0.04045  # sRGB: below it, light is in proportion to the value
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def is_colour(text: str) -> bool:
    """Whether this is a colour as `#rrggbb` in lower case."""
    return _COLOUR.fullmatch(text) is not None


def read_accent(text: str) -> str:
    """The colour of links and buttons; raises ValueError if people could not read them."""
    colour = text.lower()
    if not is_colour(colour):
        raise ValueError(f"“{text}” is not a colour such as {ACCENT}.")
    if not is_readable(colour):
        raise ValueError(
            f"“{text}” is too light: on the ground of mails its contrast is "
            f"{contrast(colour, LIGHT_BOX):.1f} to 1, and links need {READABLE}. "
            f"The nearest readable colour is {nearest_readable(colour)}."
        )
    return colour


def is_readable(colour: str) -> bool:
    """Whether links and buttons of this colour can be read on every light ground of pages."""
    return _least_contrast(colour) >= READABLE


def _least_contrast(colour: str) -> float:
    """The contrast to the ground on which the colour is read worst."""
    tinted = _mixed(colour, "#ffffff", _IN_GROUND)
    return min(contrast(colour, ground) for ground in (LIGHT_BOX, tinted))


def nearest_readable(colour: str) -> str:
    """The colour itself if it is readable, or the lightest one of its hue that is."""
    return next(filter(is_readable, _shades(colour, to=0)), "#000000")


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    lower, higher = sorted((_luminance(_parts(one)), _luminance(_parts(other))))
    return (higher + 0.05) / (lower + 0.05)


def lightened(colour: str, ground: str, least: float) -> str:
    """The colour, of the same hue, as light as it takes for this contrast to a dark ground."""
    lighter = (each for each in _shades(colour, to=1) if contrast(each, ground) >= least)
    return next(lighter, "#ffffff")


def for_dark_ground(colour: str) -> str:
    """The tint of a colour that is readable where pages and mails are dark."""
    return lightened(colour, DARK_BOX, READABLE_IN_DARK)


def _shades(colour: str, *, to: float) -> Iterator[str]:
    """The colours from this one to black (0) or white (1), of the same hue."""
    hue, lightness, saturation = rgb_to_hls(*(part / 255 for part in _parts(colour)))
    for percent in range(101):
        shade = lightness + (to - lightness) * percent / 100
        yield _written(tuple(part * 255 for part in hls_to_rgb(hue, shade, saturation)))


def _mixed(colour: str, ground: str, share: float) -> str:
    pairs = zip(_parts(colour), _parts(ground), strict=True)
    return _written(tuple(one * share + other * (1 - share) for one, other in pairs))


def _written(parts: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(part):02x}" for part in parts)


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _luminance(parts: tuple[int, ...]) -> float:
    """Relative luminance, from 0 to 1."""
    red, green, blue = (
        part / 12.92 if part <= _LINEAR else ((part + 0.055) / 1.055) ** 2.4
        for part in (each / 255 for each in parts)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

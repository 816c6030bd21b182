"""Colours as #rrggbb, and their contrast as WCAG 2.2 defines it."""

import re
from colorsys import hls_to_rgb, rgb_to_hls

# Of links and buttons in mails, unless an installation has a colour of its own.
ACCENT = "#0b4a8f"
# The darkest ground of a light mail, and the lightest of a dark one: boxes.
LIGHT_BOX, DARK_BOX = "#f2f5fa", "#292c3a"
# The least contrast of text to its ground (1.4.3).
READABLE = 4.5
_LINEAR = 0.04045  # sRGB: below it, light is in proportion to the value
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def read_accent(text: str) -> str:
    """The colour of links and buttons; raises ValueError if people could not read them."""
    colour = text.lower()
    if not _COLOUR.fullmatch(colour):
        raise ValueError(f"“{text}” is not a colour such as {ACCENT}.")
    found = contrast(colour, LIGHT_BOX)
    if found < READABLE:
        raise ValueError(
            f"“{text}” is too light: on the ground of mails its contrast is {found:.1f} to 1, "
            f"and links need {READABLE}."
        )
    return colour


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    lower, higher = sorted((_luminance(_parts(one)), _luminance(_parts(other))))
    return (higher + 0.05) / (lower + 0.05)


def lightened(colour: str, ground: str, least: float) -> str:
    """The colour, of the same hue, as light as it takes for this contrast to a dark ground."""
    hue, lightness, saturation = rgb_to_hls(*(part / 255 for part in _parts(colour)))
    for percent in range(101):
        lighter = lightness + (1 - lightness) * percent / 100
        mixed = hls_to_rgb(hue, lighter, saturation)
        light = "#" + "".join(f"{round(part * 255):02x}" for part in mixed)
        if contrast(light, ground) >= least:
            return light
    return "#ffffff"


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _luminance(parts: tuple[int, ...]) -> float:
    """Relative luminance, from 0 to 1."""
    red, green, blue = (
        part / 12.92 if part <= _LINEAR else ((part + 0.055) / 1.055) ** 2.4
        for part in (each / 255 for each in parts)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

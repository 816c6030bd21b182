"""What a telephone calls when somebody presses a number that an office has typed."""

import pytest
from flask import Flask, get_template_attribute


@pytest.mark.parametrize(
    ("text", "link", "rest"),
    [
        ("+49 631 000 123", "+49631000123", ""),
        ("0631/000-123", "0631000123", ""),
        ("+49 (0) 631 000-123", "+49631000123", ""),
        ("+49 6131 000 000, PIN 123 456#", "+496131000000", ", PIN 123 456#"),
        ("0631 000 123 (Zentrale)", "0631000123", " (Zentrale)"),
        ("Über die Zentrale, 0631 000 123", "", "Über die Zentrale, 0631 000 123"),
        ("Zimmer 12", "", "Zimmer 12"),
        ("10–12 Uhr", "", "10–12 Uhr"),
    ],
)
def test_number_is_a_link_and_what_follows_is_not(
    app: Flask, text: str, link: str, rest: str
) -> None:
    with app.test_request_context():
        written = str(get_template_attribute("macros/parts.html", "phone")(text))
    number = text.removesuffix(rest)
    assert written == (f'<a href="tel:{link}">{number}</a>' if link else "") + rest

"""Header material that could become a second line is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.header_text import (
    ascii_address,
    clean_text,
    header_complaint,
    one_line,
    text_complaint,
)
from ikone_events.domain.refusals import UnfitInput


@pytest.mark.parametrize(
    "value",
    [
        "=?utf-8?q?Hi=0D=0ABcc:_x@y?=",
        "Titel\r\nBcc: x@y",
        "Tab\tulator",
        "null\x00",
        "delete\x7f",
        "next\x85line",
        "line\u2028separator",
        "paragraph\u2029separator",
        "half \ud83d pair",
        "x" * 201,
    ],
)
def test_header_material_that_could_break_out_is_refused(value: str) -> None:
    complaint = header_complaint(value, "title")
    assert complaint is not None
    assert complaint.about == "title"
    assert str(complaint)


@pytest.mark.parametrize("value", ["", "Digitale Dörfer – „Teil 1“ 🙂", "a=b?", "x" * 200])
def test_ordinary_titles_pass(value: str) -> None:
    assert header_complaint(value) is None


@pytest.mark.parametrize("value", ["\x00", "\x1b[31m", "\x0b", "\x85", "\udc80"])
def test_text_with_control_characters_is_refused(value: str) -> None:
    assert text_complaint(f"Zeile\n{value}") is not None


def test_text_may_have_lines_and_tabs() -> None:
    assert text_complaint("Zeile\r\n\tnoch eine\n=?") is None


@given(st.text())
def test_cleaned_text_has_nothing_to_complain_about(value: str) -> None:
    assert text_complaint(clean_text(value)) is None
    line = one_line(value).replace("=?", "")[:200]
    assert header_complaint(line) is None or "=?" in line


@pytest.mark.parametrize(
    ("given_address", "travels"),
    [
        ("anna@example.org", "anna@example.org"),
        ("o'hara+kurs@mail.example.org", "o'hara+kurs@mail.example.org"),
        ("amt@kötterbach.example", "amt@xn--ktterbach-07a.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_address_travels_in_ascii(given_address: str, travels: str) -> None:
    assert ascii_address(given_address) == travels


@pytest.mark.parametrize(
    "value",
    [
        "",
        "anna",
        "@example.org",
        "anna@",
        "a b@example.org",
        "a@example.org\n",
        "a@example.org\r\nRCPT TO:<x@y>",
        "a@b@c",
        "<a@b>",
        '"a b"@c.de',
        "a,b@c.de",
        ".a@c.de",
        "a@-c.de",
        "a@c..de",
        "ü@c.de",
        "a@" + "c" * 300 + ".de",
        "a@" + "ü" * 80 + ".de",
        "a@c\u2028.de",
        "\ud800@c.de",
    ],
)
def test_unfit_address_is_refused(value: str) -> None:
    with pytest.raises(UnfitInput):
        ascii_address(value)


@pytest.mark.parametrize("domain", ["straße.de", "fuß.example", "βόλος.com"])
def test_domain_that_would_become_somebody_elses_is_refused(domain: str) -> None:
    with pytest.raises(UnfitInput):
        ascii_address(f"anna@{domain}")

"""Header material that could become a second line is refused."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain import header_text
from ikone_events.domain.header_text import (
    ascii_address,
    clean_text,
    header_complaint,
    name_complaint,
    normal_line,
    normal_text,
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


# Everything that hides, moves, composes or looks like something else.
TRICKY = st.sampled_from(
    [*"=?.:/@\u200d\ufeff\u200b\u202e\u0308eu😀\ufe0f🏽♀\r\n\t\u2028\xa0", "://", "a.tk/"]
)
ANY_TEXT = st.lists(st.text(max_size=5) | TRICKY, max_size=12).map("".join)


@given(ANY_TEXT)
def test_normal_form_of_a_line_never_changes_again(value: str) -> None:
    line = normal_line(value)
    assert normal_line(line) == line
    assert unicodedata.is_normalized("NFC", line)
    if header_complaint(line) is None:
        assert one_line(line) == line
    assert one_line(one_line(value)) == one_line(value)


@given(ANY_TEXT)
def test_normal_form_of_a_text_never_changes_again(value: str) -> None:
    text = normal_text(value)
    assert normal_text(text) == text
    assert unicodedata.is_normalized("NFC", text)
    if text_complaint(text) is None:
        assert clean_text(text) == text
    assert clean_text(clean_text(value)) == clean_text(value)


def test_line_has_no_format_characters_but_joined_emojis() -> None:
    hidden = [chr(c) for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c)) == "Cf"]
    assert normal_line(f"Mu{''.join(hidden)}ster") == "Muster"
    emojis = "👩\u200d💻 ❤️\u200d🔥 👩🏽\u200d🚀 🏳️\u200d🌈 ✈️"
    assert normal_line(emojis) == emojis
    assert normal_line("\u200dM\u200duster\u200d 👩\u200d x\u200d💻") == "Muster 👩 x💻"


def test_text_has_no_marks_of_direction_but_keeps_the_rest() -> None:
    marks = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    assert normal_text(f"a{marks}b\r\nc\rd\u2028e") == "ab\nc\nd\ne"
    kept = "auf\u00adlage zero\u200cwidth 👩\u200d💻"
    assert normal_text(kept) == kept


def test_line_has_single_spaces() -> None:
    assert normal_line(" Anna\u00a0\u3000Maria \u2003 Muster\t") == "Anna Maria Muster"


def test_hidden_encoded_word_is_refused_by_the_check_too() -> None:
    """A way in that forgets to normalise refuses; it never stores what no mail can carry."""
    assert header_complaint("=\ufeff?utf-8?q?Hi?=") is not None


NO_LINKS = [
    *("M.de Vries", "Abt.Info", "Kommunalnetz.io GmbH", "Prof. Dr.med.", "Amt 3.1/2", "A/B"),
    *(
        "St. Ingbert/Saar",
        "Referat I.2/3",
        "e.V./Amt",
        "z.B./x",
        "Müller-Lüdenscheidt",
        "d’Estaing",
    ),
]
LINKS = [
    *(
        "evil.tk/login",
        "EVIL.TK/Login",
        "evil.tk/",
        "evil.tk:8080/x",
        "evil.tk./x",
        "bei evil.tk/x",
    ),
    *("https://x", "HTTPS://x", "ftp://x", "www.evil", "WWW.evil", "evil.xn--p1ai/x", "evil.рф/x"),
    *("ev\u200bil.tk/login", "evil.tk\u2060/login", "evil．tk／login", "evil。tk/login"),
    *(
        "evil｡tk/login",
        "evil.tk⁄login",
        "evil.tk∕login",
        "ｗｗｗ．evil",
        "http：//x",
        "ht\u200dtp://x",
    ),
]


def test_names_with_dots_are_no_web_addresses() -> None:
    assert [name for name in NO_LINKS if name_complaint(name)] == []
    assert [name for name in LINKS if not name_complaint(name)] == []


def test_printable_characters_need_none_of_the_slow_checks() -> None:
    text = "".join(filter(str.isprintable, map(chr, range(sys.maxunicode + 1))))
    assert header_text._CONTROLS.search(text) is None
    assert header_text._DAMAGED.search(text) is None
    assert set(header_text._SPACES.findall(text)) == {" "}

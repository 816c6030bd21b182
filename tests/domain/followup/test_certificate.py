"""Codes of certificates: read as people type them, and never guessed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.followup.certificate import CertificateCodes, hours_words, initials_of

CODES = CertificateCodes("a secret of this test")
NUMBERS = st.integers(min_value=0, max_value=2**36 - 1)


@given(NUMBERS, st.text(max_size=40), st.text(max_size=40))
def test_code_is_read_however_it_is_typed(number: int, first: str, last: str) -> None:
    initials = initials_of(first, last)
    code = CODES.code(number, initials)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' – ')} "):
        if typed.upper() == code.upper() or initials.lower().upper() == initials:
            assert CODES.read(typed) == (number, initials)


@given(NUMBERS, st.data())
def test_changed_code_is_refused(number: int, data: st.DataObject) -> None:
    code = CODES.code(number, "AL").replace("-", "")
    at = data.draw(st.integers(min_value=0, max_value=len(code) - 1))
    char = data.draw(
        st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ").filter(lambda c: c != code[at])
    )
    assert CODES.read(code[:at] + char + code[at + 1 :]) is None


@given(st.text(max_size=300))
def test_anything_typed_is_answered(text: str) -> None:
    assert CODES.read(text) is None


def test_code_of_another_installation_is_refused() -> None:
    assert CertificateCodes("another secret").read(CODES.code(7, "AL")) is None


def test_letters_taken_for_digits_are_meant_as_digits() -> None:
    code = next(c for n in range(500) if "0" in (c := CODES.code(n, "")) and "1" in c)
    assert CODES.read(code.replace("0", "O").replace("1", "l")) == CODES.read(code)


def test_neighbours_look_unrelated() -> None:
    codes = [CODES.code(number, "AL").split("-") for number in range(200)]
    assert len({tuple(groups[1:4]) for groups in codes}) == len(codes)
    assert len({groups[-1] for groups in codes}) > len(codes) * 0.9


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=str(2**36)):
        CODES.code(2**36, "AL")


@pytest.mark.parametrize(
    ("first", "last", "initials"),
    [
        ("Ada", "Lob", "AL"),
        ("ömer", "von Ähren", "ÖV"),
        ("", "Lob", "L"),
        ("ßa", "42 Łuk", "SŁ"),
        ("3", "!", ""),
    ],
)
def test_initials_are_the_first_letters(first: str, last: str, initials: str) -> None:
    assert initials_of(first, last) == initials


@pytest.mark.parametrize(
    ("minutes", "de", "en"),
    [
        (120, "2", "2"),
        (90, "1,5", "1.5"),
        (105, "1,75", "1.75"),
        (110, "1:50", "1:50"),
        (45, "0,75", "0.75"),
    ],
)
def test_hours_are_written_as_people_do(minutes: int, de: str, en: str) -> None:
    duration = timedelta(minutes=minutes)
    assert (hours_words(duration, "de"), hours_words(duration, "en")) == (de, en)

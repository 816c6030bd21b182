"""Codes as cameras and scanners give them, and names, which are none."""

import pytest

from ikone_events.domain.rooms.check_in import is_code, tokens_in

TOKEN = "WyI0Zjk3ZDc3YzY1YTk0Yj_ZmE5YjBhNWU2ZmQ3ZDI1eSIsMV0.Zx-y_kPq8sT7uYwVz0123456789abcdefGHIJKL"
# What a scanner set to an English keyboard leaves on a German computer.
GERMAN = str.maketrans(":/-_?yzYZ", "Ö-ß?_zyZY")


@pytest.mark.parametrize(
    "typed",
    [
        TOKEN,
        f"  {TOKEN}\r\n",
        f"https://events.example.org/c/{TOKEN}",
        f"HTTPS://EVENTS.EXAMPLE.ORG/C/{TOKEN}",
        f"http://localhost:8000/unter/c/{TOKEN}?lang=en#x",
        f"https://events.example.org/c/{TOKEN}".translate(GERMAN),
        f"HTTPS://EVENTS.EXAMPLE.ORG/C/{TOKEN}".translate(GERMAN),
        TOKEN.translate(GERMAN),
        f"https://events.example.org/c/{TOKEN}".swapcase(),
    ],
)
def test_code_is_read_however_it_is_typed(typed: str) -> None:
    assert is_code(typed)
    assert TOKEN in tokens_in(typed)


@pytest.mark.parametrize("typed", ["", "Adler", "Dr. Öz-Müller", "ada@example.org", "von der Aue"])
def test_name_is_no_code(typed: str) -> None:
    assert not is_code(typed)


@pytest.mark.parametrize(
    "typed", [TOKEN[:60], "https://example.org/", "https://events.example.org/c/", "x" * 100_000]
)
def test_damaged_code_is_a_code_and_not_a_name(typed: str) -> None:
    assert is_code(typed)
    assert TOKEN not in tokens_in(typed)

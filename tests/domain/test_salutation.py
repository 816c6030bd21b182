"""Mails greet as German offices do: the highest title only, the full name without Anrede."""

import pytest

from ikone_events.domain.salutation import full_name, mail_salutation


def greet(salutation: str, title: str, locale: str = "de", override: str = "") -> str:
    return mail_salutation(
        salutation=salutation,
        title=title,
        first_name="Toni",
        last_name="Beispiel",
        locale=locale,
        override=override,
    )


@pytest.mark.parametrize(
    ("salutation", "title", "line"),
    [
        ("frau", "", "Sehr geehrte Frau Beispiel,"),
        ("herr", "", "Sehr geehrter Herr Beispiel,"),
        ("", "", "Guten Tag Toni Beispiel,"),
        ("divers", "Dr.", "Guten Tag Dr. Toni Beispiel,"),
        ("frau", "Dr.", "Sehr geehrte Frau Dr. Beispiel,"),
        ("frau", "Prof. Dr.", "Sehr geehrte Frau Professorin Beispiel,"),
        ("herr", "Prof. Dr.-Ing. habil.", "Sehr geehrter Herr Professor Beispiel,"),
        ("", "Prof. Dr.", "Guten Tag Prof. Toni Beispiel,"),
        ("herr", "Dr.-Ing.", "Sehr geehrter Herr Dr. Beispiel,"),
        ("herr", "PD Dr. h. c.", "Sehr geehrter Herr Dr. Beispiel,"),
        ("frau", "Dipl.-Ing. (FH)", "Sehr geehrte Frau Beispiel,"),
        ("frau", "M. A.", "Sehr geehrte Frau Beispiel,"),
        ("herr", "Dipl.-Drucker", "Sehr geehrter Herr Beispiel,"),
    ],
)
def test_german_salutation(salutation: str, title: str, line: str) -> None:
    assert greet(salutation, title) == line


@pytest.mark.parametrize(
    ("salutation", "title", "line"),
    [
        ("frau", "", "Dear Ms Beispiel,"),
        ("herr", "", "Dear Mr Beispiel,"),
        ("", "", "Dear Toni Beispiel,"),
        ("divers", "Dr.", "Dear Dr. Toni Beispiel,"),
        ("frau", "Prof. Dr.", "Dear Professor Beispiel,"),
        ("herr", "Dr.", "Dear Dr. Beispiel,"),
    ],
)
def test_english_salutation(salutation: str, title: str, line: str) -> None:
    assert greet(salutation, title, "en") == line


def test_briefanrede_wins_and_gets_its_comma() -> None:
    assert greet("frau", "Dr.", override="Sehr geehrte Frau Oberbürgermeisterin") == (
        "Sehr geehrte Frau Oberbürgermeisterin,"
    )
    assert greet("frau", "Dr.", override=" Hallo Toni! ") == "Hallo Toni!"


@pytest.mark.parametrize(("locale", "line"), [("de", "Guten Tag,"), ("en", "Hello,")])
def test_person_without_a_name_is_greeted_too(locale: str, line: str) -> None:
    for salutation in ("", "frau", "herr", "divers"):
        assert (
            mail_salutation(
                salutation=salutation, title="", first_name="", last_name=" ", locale=locale
            )
            == line
        )


def test_full_name_has_single_spaces() -> None:
    assert full_name("", " Toni ", "Beispiel") == "Toni Beispiel"
    assert full_name("Dr.", "Toni", "Beispiel") == "Dr. Toni Beispiel"

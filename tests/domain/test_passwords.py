"""Passwords that everybody tries first are refused; long ones of several words are accepted."""

from ikone_events.domain.passwords import _common, password_complaint

PERSON = ("anna.behring@kreis-mainz.example.org", "Dr. Anna Behring")
COMMON = (
    *("123456789012", "passwordpassword", "Password1234!", "P@ssw0rd2026!", "Passwort2026!!"),
    *("qwertzuiop123", "1q2w3e4r5t6y", "iloveyou1234", "abcdefghijkl", "aaaaaaaaaaaa"),
    *("Sommer-2026-!", "Willkommen123", "hallohallo123", "Administrator1", "Geheim!!2026"),
    *("letmeinletmein", "123123123123", "asdfghjkl123", "Frühling2026!", "Kennwort-2026"),
    *("Startpasswort1", "basketball2026", "zyxwvutsrqpo", "987654321098", "trustno1trustno1"),
    "!!!Superman!!!",
)
OWN = (
    *("Behring-geht-heim", "anna mag apfelkuchen", "BEHRING_und_Katze7", "Mainz-am-Rhein-7"),
    *("ikone ist unser Haus", "Meine-Events-7-Uhr", "b.e.h.r.i.n.g.kocht"),
)
FIT = (
    *("Lange-Wörter-2026", "drei blaue Fahrräder", "workshop-2021", "x8Kq!vR2#mZp"),
    *("847261950382", "correct horse battery", "Möhren, Zwiebeln, Öl"),
)


def complaint(password: str, person: tuple[str, ...] = PERSON) -> str:
    found = password_complaint(password, person)
    return found.text if found else ""


def test_common_passwords_are_refused() -> None:
    assert [p for p in COMMON if "Many people" not in complaint(p)] == []


def test_what_is_about_the_person_is_refused() -> None:
    assert [p for p in OWN if "your name" not in complaint(p)] == []


def test_several_words_and_random_characters_are_accepted() -> None:
    assert [p for p in FIT if complaint(p)] == []


def test_length_counts_what_was_typed_not_how_it_is_stored() -> None:
    assert "at least" in complaint("üüüöööäääÄÄ")
    assert "at least" in complaint("kurz-aber-o")
    assert complaint("übüöcödäeäÄf") == ""


def test_short_names_refuse_nothing() -> None:
    assert complaint("drei blaue Fahrräder", ("li@bo.de", "Li Bo")) == ""


def test_shipped_list_is_large() -> None:
    assert len(_common()) > 20_000

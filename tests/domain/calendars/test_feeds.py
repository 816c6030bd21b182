"""Names, counters and words of what stands in calendars to subscribe to."""

from datetime import timedelta

import pytest

from ikone_events.domain.calendars.feeds import (
    Word,
    in_language,
    person_sequence,
    person_uid,
    webcal,
    word_in,
    word_of_event,
    word_of_person,
)
from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.registering.registration import Awaits, Status
from ikone_events.domain.words import series_slug
from tests.factories import NOW

KEY = "k" * 40


def test_uid_is_of_one_feed_and_one_event() -> None:
    uid = person_uid(KEY, "feed", 7, "x.example")
    assert uid == person_uid(KEY, "feed", 7, "x.example")
    others = {
        person_uid("o" * 40, "feed", 7, "x.example"),
        person_uid(KEY, "deef", 7, "x.example"),
        person_uid(KEY, "feed", 8, "x.example"),
        person_uid(KEY, "feed", 77, "x.example"),
    }
    assert uid not in others
    assert len(others) == 4
    name, host = uid.split("@")
    assert host == "x.example"
    assert len(bytes.fromhex(name)) == 16
    assert "feed" not in uid


def test_sequence_rises_with_event_and_person_and_fits() -> None:
    def sequence(public_version: int, days: float) -> int:
        at = NOW + timedelta(days=days)
        return person_sequence(public_version, created_at=NOW, at=at)

    rising = [
        sequence(1, -3),
        sequence(1, 1),
        sequence(2, 1),
        sequence(2, 1 + 1 / 86_400),
        sequence(3, 365),
    ]
    assert rising == sorted(set(rising))
    assert sequence(999, 365 * 60) < 2**31


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("state", State)
def test_person_reads_what_holds_for_them(status: Status, state: State) -> None:
    word = word_of_person(status, Awaits.NOTHING, state)
    if status in (Status.CANCELLED, Status.DECLINED, Status.EXPIRED):
        assert word in (Word.WITHDRAWN, Word.DECLINED, Word.EXPIRED)
    elif state in (State.CANCELLED, State.POSTPONED):
        assert word is word_of_event(state)
    else:
        assert (word is None) == (status is Status.CONFIRMED)


def test_whoever_must_confirm_the_address_is_asked_to() -> None:
    word = word_of_person(Status.PENDING, Awaits.ADDRESS, State.OPEN)
    assert word_in(word, "de") == "E-Mail-Adresse nicht bestätigt"
    assert word_in(word_of_person(Status.PENDING, Awaits.APPROVAL, State.OPEN), "en") == (
        "To be approved"
    )


def test_every_word_exists_in_both_languages() -> None:
    for locale in ("de", "en"):
        assert len({word_in(word, locale) for word in Word}) == len(Word)
        assert word_in(None, locale) == ""


def test_addresses_open_a_program_and_keep_their_language() -> None:
    assert webcal("https://x.example/a.ics") == "webcal://x.example/a.ics"
    assert webcal("http://localhost:8000/a.ics?lang=en") == "webcal://localhost:8000/a.ics?lang=en"
    assert in_language("/a.ics", "de") == "/a.ics"
    assert in_language("/a.ics", "en") == "/a.ics?lang=en"


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Smart City", "smart  CITY"),
        ("Reihe „Bewerbung“, Teil 2", "Reihe Bewerbung - Teil 2"),
        ("Straße & Übung", "STRASSE UEBUNG"),
        ("日本", " 日本 "),
    ],
)
def test_spellings_of_a_series_share_its_address(name: str, other: str) -> None:
    assert series_slug(name) == series_slug(other)


def test_different_series_never_share_an_address() -> None:
    long = "Workshop-Reihe „Digitalisierungsstrategien für Verbandsgemeindeverwaltungen“, Teil "
    names = ["Reihe 1", "Reihe 2", f"{long}1", f"{long}2", "!!!", "???", "日本", "event", "series"]
    slugs = {series_slug(name) for name in names}
    assert len(slugs) == len(names)
    assert all(len(slug) <= 70 and slug.isascii() for slug in slugs)

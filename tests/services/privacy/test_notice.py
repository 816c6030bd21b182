"""The privacy notice that the program ships states the periods by which the program deletes."""

from datetime import timedelta
from pathlib import Path

import pytest

from ikone_events.domain.followup.feedback import FEWEST_ANSWERS
from ikone_events.domain.followup.requests import KEPT_AFTER, UNDECIDED_KEPT
from ikone_events.domain.registering.registration import NEVER_CONFIRMED, WITHOUT_PLACE
from ikone_events.services.incoming import ingest
from ikone_events.services.mails.news_facts import CONFIRM_WITHIN
from ikone_events.services.registering.standing import UNUSED_FOR
from tests.source import TEMPLATES

# What is said in which section: a heading, then words of the period in it.
STATED = {
    "de": [
        ("Ankündigungen", "nach sieben Tagen", CONFIRM_WITHIN, 7),
        ("Daueranmeldung", "nach sieben Tagen", CONFIRM_WITHIN, 7),
        ("Daueranmeldung", "ein Jahr lang an keinem Termin", UNUSED_FOR, 365),
        ("Unterlagen auf Anfrage", "30 Tage nachdem der Link", KEPT_AFTER, 30),
        ("Unterlagen auf Anfrage", "nach 90 Tagen ohne Entscheidung", UNDECIDED_KEPT, 90),
        ("Antworten auf unsere", "nach 30 Tagen", ingest.KEPT, 30),
        ("Wie lange", "30 Tage nach der Veranstaltung", WITHOUT_PLACE, 30),
        ("Wie lange", "nach sieben Tagen", NEVER_CONFIRMED, 7),
    ],
    "en": [
        ("Announcements", "after seven days", CONFIRM_WITHIN, 7),
        ("Standing sign-up", "after seven days", CONFIRM_WITHIN, 7),
        ("Standing sign-up", "no date for a year", UNUSED_FOR, 365),
        ("Materials on request", "30 days after the link has ended", KEPT_AFTER, 30),
        ("Materials on request", "after 90 days without a decision", UNDECIDED_KEPT, 90),
        ("Answers to our", "after 30 days", ingest.KEPT, 30),
        ("For how long", "30 days after the event", WITHOUT_PLACE, 30),
        ("For how long", "after seven days", NEVER_CONFIRMED, 7),
    ],
}


def sections(locale: str) -> list[str]:
    page: Path = TEMPLATES / "public" / "pages" / f"privacy.{locale}.md"
    return page.read_text(encoding="utf-8").split("# ")


@pytest.mark.parametrize("locale", STATED)
def test_notice_states_the_periods_of_the_program(locale: str) -> None:
    for heading, words, period, days in STATED[locale]:
        [section] = [each for each in sections(locale) if each.startswith(heading)]
        assert words in section, (heading, words)
        assert period == timedelta(days=days), (heading, words)


def test_notice_has_the_same_sections_in_both_languages() -> None:
    german, english = (sections(locale) for locale in ("de", "en"))
    assert len(german) == len(english)
    assert [each.count("\n\n") for each in german] == [each.count("\n\n") for each in english]
    assert FEWEST_ANSWERS == 5
    assert any("ab fünf Antworten" in each for each in german)
    assert any("from five answers on" in each for each in english)

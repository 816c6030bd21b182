"""The sentence for the press: cut numbers, singular and plural, where and when, both languages."""

from dataclasses import dataclass
from datetime import date

import pytest

from ikone_events.domain.figures.event_figures import EventFigures
from ikone_events.domain.figures.press import press_sentence, rounded, why_no_sentence


@dataclass
class Held:
    day: date = date(2021, 1, 12)
    format: str = "online"


def figures(members: int, guests: int) -> EventFigures:
    return EventFigures(
        took_place=True,
        administrations_attended=members + guests,
        administrations_attended_members=members,
        administrations_attended_non_members=guests,
    )


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        *((0, (0, False)), (1, (1, False)), (19, (19, False)), (20, (20, False))),
        *((21, (20, True)), (29, (20, True)), (30, (30, False)), (40, (40, False))),
        *((41, (40, True)), (49, (40, True)), (100, (100, False)), (143, (140, True))),
    ],
)
def test_numbers_above_twenty_are_cut_to_tens(number: int, shown: tuple[int, bool]) -> None:
    assert rounded(number) == shown


@pytest.mark.parametrize(
    ("members", "guests", "where", "german", "english"),
    [
        (
            *(13, 30, "online"),
            (
                "Über 40 Verwaltungen nahmen am 12. Januar 2021 online teil,"
                " davon 13 Mitglieder und 30 Nicht-Mitglieder."
            ),
            (
                "More than 40 public bodies took part online on 12 January 2021:"
                " 13 members and 30 non-members."
            ),
        ),
        (
            *(1, 39, "on_site"),
            (
                "40 Verwaltungen nahmen am 12. Januar 2021 vor Ort teil,"
                " davon 1 Mitglied und 39 Nicht-Mitglieder."
            ),
            (
                "40 public bodies took part in person on 12 January 2021:"
                " 1 member and 39 non-members."
            ),
        ),
        (
            *(0, 17, "hybrid"),
            (
                "17 Verwaltungen nahmen am 12. Januar 2021 vor Ort oder online teil,"
                " davon keine Mitglieder und 17 Nicht-Mitglieder."
            ),
            (
                "17 public bodies took part in person or online on 12 January 2021:"
                " no members and 17 non-members."
            ),
        ),
        (
            *(11, 1, "online"),
            (
                "12 Verwaltungen nahmen am 12. Januar 2021 online teil,"
                " davon 11 Mitglieder und 1 Nicht-Mitglied."
            ),
            "12 public bodies took part online on 12 January 2021: 11 members and 1 non-member.",
        ),
        (
            *(1, 0, "online"),
            "1 Verwaltung nahm am 12. Januar 2021 online teil, ein Mitglied.",
            "1 public body took part online on 12 January 2021, a member.",
        ),
        (
            *(0, 1, "online"),
            "1 Verwaltung nahm am 12. Januar 2021 online teil, kein Mitglied.",
            "1 public body took part online on 12 January 2021, not a member.",
        ),
        (
            *(0, 0, "online"),
            "Am 12. Januar 2021 nahm keine Verwaltung online teil.",
            "No public body took part online on 12 January 2021.",
        ),
    ],
)
def test_sentence_states_how_many_and_who(
    members: int, guests: int, where: str, german: str, english: str
) -> None:
    found, event = figures(members, guests), Held(format=where)
    assert press_sentence(found, event, "de") == german
    assert press_sentence(found, event, "en") == english
    assert why_no_sentence(found) is None


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (EventFigures(took_place=True), "Nobody has recorded who attended."),
        (EventFigures(took_place=False, administrations_attended=0), "has not taken place so far"),
    ],
)
def test_there_is_no_sentence_where_nobody_knows(found: EventFigures, why: str) -> None:
    assert press_sentence(found, Held(), "de") == ""
    assert why in str(why_no_sentence(found))

"""Nights in which the clocks change, and events on the clocks of other zones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from ikone_events.domain import times
from ikone_events.domain.calendars.invitation import calendar_object
from ikone_events.domain.mails.facts import Recipient
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import UnfitInput
from tests.mail.writing.mails import EVENT, INVITATION, LINKS, SENDER, written

BERLIN = "Europe/Berlin"
ZONES = [BERLIN, "Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Chatham"]


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def entry_of(starts_at: datetime, ends_at: datetime, zone: str, locale: str = "de"):  # type: ignore[no-untyped-def]
    data = calendar_object(
        replace(EVENT, starts_at=starts_at, ends_at=ends_at, zone=zone),
        Recipient(email="anna@example.org", locale=locale),
        links=LINKS,
        invitation=INVITATION,
        method="REQUEST",
        sender=SENDER,
    )
    (entry,) = Calendar.from_ical(data).events
    return entry


# What is typed on the event's clocks, the moments meant, and how a mail and a page say it.
NIGHTS = [
    # The clocks go forward from 2:00 to 3:00 …
    ("2026-03-28T10:00", "2026-03-28T12:00", "090000Z", "110000Z", "10:00 bis 12:00 Uhr"),
    ("2026-03-29T10:00", "2026-03-29T12:00", "080000Z", "100000Z", "10:00 bis 12:00 Uhr"),
    ("2026-03-29T01:30", "2026-03-29T03:30", "003000Z", "013000Z", "1:30 bis 3:30 Uhr"),
    # … and back from 3:00 to 2:00.
    ("2026-10-24T10:00", "2026-10-24T12:00", "080000Z", "100000Z", "10:00 bis 12:00 Uhr"),
    ("2026-10-25T10:00", "2026-10-25T12:00", "090000Z", "110000Z", "10:00 bis 12:00 Uhr"),
    ("2026-10-25T01:30", "2026-10-25T03:30", "233000Z", "023000Z", "1:30 bis 3:30 Uhr"),
]


@pytest.mark.parametrize(("start", "end", "dtstart", "dtend", "words"), NIGHTS)
def test_mail_object_and_typed_time_agree_around_the_change(
    start: str, end: str, dtstart: str, dtend: str, words: str
) -> None:
    starts_at = times.local_to_utc(datetime.fromisoformat(start), BERLIN)
    ends_at = times.local_to_utc(datetime.fromisoformat(end), BERLIN)
    entry = entry_of(starts_at, ends_at, BERLIN)
    assert entry["DTSTART"].to_ical().decode().endswith(dtstart)
    assert entry["DTEND"].to_ical().decode().endswith(dtend)
    assert words in entry["DESCRIPTION"]
    event = replace(EVENT, starts_at=starts_at, ends_at=ends_at)
    mail = written(MailKind.CONFIRMATION, event=event)
    assert words in mail.text


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [("2026-03-28T22:00", "2026-03-29T06:00", 7), ("2026-10-24T22:00", "2026-10-25T06:00", 9)],
)
def test_event_that_spans_the_night_lasts_as_long_as_it_does(
    start: str, end: str, hours: int
) -> None:
    starts_at = times.local_to_utc(datetime.fromisoformat(start), BERLIN)
    ends_at = times.local_to_utc(datetime.fromisoformat(end), BERLIN)
    entry = entry_of(starts_at, ends_at, BERLIN)
    assert entry.end - entry.start == timedelta(hours=hours)
    assert "22:00 Uhr bis Sonntag" in entry["DESCRIPTION"]


def test_event_inside_the_doubled_hour_states_which_is_meant() -> None:
    first, second = at("2026-10-25T00:30"), at("2026-10-25T01:30")  # both 2:30 in Berlin
    assert times.span_mail(first, second, locale="de", zone=BERLIN) == (
        "Sonntag, 25. Oktober 2026, 2:30 Uhr (Sommerzeit) bis 2:30 Uhr (Winterzeit)"
    )
    page = times.span_page(first, second, locale="en", zone=BERLIN).replace(times.NBSP, " ")
    assert page == "Sun, 25 October 2026, 2:30 (summer time)–2:30 (winter time) (German time)"
    assert times.moment_mail(second, locale="de", zone=BERLIN).endswith("2:30 Uhr (Winterzeit)")
    later = second + timedelta(hours=1)
    assert times.moment_mail(later, locale="de", zone=BERLIN).endswith("3:30 Uhr")


@pytest.mark.parametrize(
    ("zone", "skipped", "doubled"),
    [
        (BERLIN, "2026-03-29T02:30", "2026-10-25T02:30"),
        ("Europe/London", "2026-03-29T01:30", "2026-10-25T01:30"),
        ("America/New_York", "2026-03-08T02:30", "2026-11-01T01:30"),
        ("Pacific/Chatham", "2026-09-27T03:00", "2026-04-05T03:00"),
    ],
)
def test_skipped_and_doubled_times_are_refused_in_every_zone(
    zone: str, skipped: str, doubled: str
) -> None:
    with pytest.raises(UnfitInput, match="go forward"):
        times.local_to_utc(datetime.fromisoformat(skipped), zone)
    with pytest.raises(UnfitInput, match="two times"):
        times.local_to_utc(datetime.fromisoformat(doubled), zone)


def test_zone_without_changes_refuses_nothing() -> None:
    for text in ("2026-03-29T02:30", "2026-10-25T02:30"):
        local = datetime.fromisoformat(text)
        moment = times.local_to_utc(local, "Asia/Kolkata")
        assert times.to_local(moment, "Asia/Kolkata").replace(tzinfo=None) == local


@pytest.mark.parametrize(
    ("zone", "german", "english"),
    [
        (BERLIN, "10:00 bis 12:00 Uhr", "10:00 to 12:00 (German time)"),
        (
            "Europe/London",
            "9:00 bis 11:00 Uhr (Zeitzone Europe/London)",
            "9:00 to 11:00 (Europe/London time)",
        ),
        (
            "America/New_York",
            "4:00 bis 6:00 Uhr (Zeitzone America/New York)",
            "4:00 to 6:00 (America/New York time)",
        ),
        (
            "Asia/Kolkata",
            "13:30 bis 15:30 Uhr (Zeitzone Asia/Kolkata)",
            "13:30 to 15:30 (Asia/Kolkata time)",
        ),
        (
            "Pacific/Chatham",
            "20:45 bis 22:45 Uhr (Zeitzone Pacific/Chatham)",
            "20:45 to 22:45 (Pacific/Chatham time)",
        ),
    ],
)
def test_mail_and_entry_name_whose_clocks_are_meant(zone: str, german: str, english: str) -> None:
    starts_at = at("2026-07-07T08:00")
    for locale, words in (("de", german), ("en", english)):
        event = replace(
            EVENT, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), zone=zone
        )
        mail = written(MailKind.CONFIRMATION, locale, event=event)
        (entry,) = Calendar.from_ical(mail.calendar or b"").events
        assert words in mail.text
        assert words in entry["DESCRIPTION"]
        assert entry.start == starts_at


MOMENT = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - bounds are naive there
    datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(moment=MOMENT, minutes=st.integers(1, 60 * 30), zone=st.sampled_from(ZONES))
def test_object_holds_the_stored_moments_whatever_the_zone(
    moment: datetime, minutes: int, zone: str
) -> None:
    starts_at = moment.replace(microsecond=0)
    ends_at = starts_at + timedelta(minutes=minutes)
    entry = entry_of(starts_at, ends_at, zone, locale="en")
    assert (entry.start, entry.end) == (starts_at, ends_at)


@given(moment=MOMENT, zone=st.sampled_from(ZONES), locale=st.sampled_from(["de", "en"]))
def test_different_moments_of_a_day_never_read_alike(
    moment: datetime, zone: str, locale: str
) -> None:
    """Not even in the hour that the clocks show twice."""
    minute = moment.replace(second=0, microsecond=0)
    ranges = [
        times.moment_mail(minute + timedelta(minutes=15 * quarter), locale=locale, zone=zone)
        for quarter in range(24)
    ]
    assert all(one != other for one, other in pairwise(ranges))
    assert len(set(ranges)) == len(ranges)

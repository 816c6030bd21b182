"""Local time becomes one moment or a complaint; moments become the words of pages and mails."""
# ruff: noqa: DTZ001, DTZ901 - local times without a zone are the subject

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain import times
from ikone_events.domain.refusals import UnfitInput

BERLIN = "Europe/Berlin"
START = datetime(2021, 1, 12, 9, tzinfo=UTC)
END = START + timedelta(hours=2)
NBSP = "\u00a0"


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        (datetime(2021, 1, 12, 10), datetime(2021, 1, 12, 9, tzinfo=UTC)),
        (datetime(2026, 7, 4, 10), datetime(2026, 7, 4, 8, tzinfo=UTC)),
        (datetime(2026, 3, 29, 1, 59), datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        (datetime(2026, 3, 29, 3, 0), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        (datetime(2026, 10, 25, 3, 0), datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_local_time_becomes_utc(local: datetime, utc: datetime) -> None:
    assert times.local_to_utc(local, BERLIN) == utc


@pytest.mark.parametrize("minute", [0, 30, 59])
def test_time_in_the_march_gap_is_refused_by_date(minute: int) -> None:
    with pytest.raises(UnfitInput, match="2026-03-29") as refused:
        times.local_to_utc(datetime(2026, 3, 29, 2, minute), BERLIN, about="starts_at")
    assert refused.value.complaints[0].about == "starts_at"


@pytest.mark.parametrize("minute", [0, 30, 59])
def test_time_twice_in_the_october_night_is_refused_by_date(minute: int) -> None:
    with pytest.raises(UnfitInput, match="2026-10-25"):
        times.local_to_utc(datetime(2026, 10, 25, 2, minute), BERLIN)


@pytest.mark.parametrize("zone", ["", "Nirgends", "../../etc/passwd", "Europe", "\x00"])
def test_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(UnfitInput, match="time zone"):
        times.local_to_utc(datetime(2021, 1, 12, 10), zone)


@pytest.mark.parametrize(
    ("local", "zone"), [(datetime.min, "Asia/Tokyo"), (datetime.max, "Pacific/Pago_Pago")]
)
def test_end_of_the_calendar_is_refused(local: datetime, zone: str) -> None:
    with pytest.raises(UnfitInput):
        times.local_to_utc(local, zone)


def test_naive_and_aware_are_not_mixed_up() -> None:
    with pytest.raises(ValueError, match="zone"):
        times.to_local(datetime(2021, 1, 12), BERLIN)
    with pytest.raises(ValueError, match="zone"):
        times.local_to_utc(START, BERLIN)
    with pytest.raises(ValueError, match="zone"):
        times.date_words(START, locale="de")


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)))
def test_accepted_local_time_survives_the_round_trip(local: datetime) -> None:
    try:
        moment = times.local_to_utc(local, BERLIN)
    except UnfitInput:
        assert local.month in (3, 9, 10)
        return
    assert times.to_local(moment, BERLIN) == local.replace(tzinfo=ZoneInfo(BERLIN))


def test_dates_in_both_languages() -> None:
    day = date(2021, 1, 12)
    assert times.date_words(day, locale="de") == "12. Januar 2021"
    assert times.date_words(day, locale="en") == "12 January 2021"
    assert plain(times.date_medium(day, locale="de")) == "Di., 12. Januar 2021"
    assert plain(times.date_medium(day, locale="en")) == "Tue, 12 January 2021"
    assert times.date_numeric(day, locale="de") == "12.01.2021"
    assert plain(times.date_numeric(day, locale="en")) == "12 Jan 2021"


def test_day_of_a_moment_is_the_zones_day() -> None:
    late = datetime(2021, 1, 12, 23, 30, tzinfo=UTC)
    assert times.date_numeric(late, locale="de", zone=BERLIN) == "13.01.2021"
    assert times.date_numeric(late, locale="de", zone="UTC") == "12.01.2021"


def test_clock_has_no_leading_zero() -> None:
    assert times.clock(datetime(2021, 1, 12, 8, 5, tzinfo=UTC), zone=BERLIN) == "9:05"


def test_span_on_pages() -> None:
    german = times.span_page(START, END, locale="de", zone=BERLIN)
    assert plain(german) == "Di., 12. Januar 2021, 10:00–12:00 Uhr"
    assert f"12.{NBSP}Januar" in german
    assert f"12:00{NBSP}Uhr" in german
    english = times.span_page(START, END, locale="en", zone=BERLIN)
    assert plain(english) == "Tue, 12 January 2021, 10:00–12:00 (German time)"


def test_near_moment_within_a_sentence() -> None:
    said = {
        locale: plain(times.moment_said(START, locale=locale, zone=BERLIN))
        for locale in ("de", "en")
    }
    assert said == {"de": "12. Januar um 10:00 Uhr", "en": "12 January at 10:00 (German time)"}


def test_span_over_two_days_names_both() -> None:
    end = END + timedelta(days=1)
    assert plain(times.span_page(START, end, locale="de", zone=BERLIN)) == (
        "Di., 12. Januar 2021, 10:00 Uhr bis Mi., 13. Januar 2021, 12:00 Uhr"
    )
    assert times.span_mail(START, end, locale="en", zone=BERLIN) == (
        "Tuesday, 12 January 2021, 10:00 to Wednesday, 13 January 2021, 12:00 (German time)"
    )


def test_end_at_midnight_belongs_to_the_day_before() -> None:
    midnight = datetime(2021, 1, 12, 23, 0, tzinfo=UTC)
    assert plain(times.span_page(START, midnight, locale="de", zone=BERLIN)) == (
        "Di., 12. Januar 2021, 10:00–24:00 Uhr"
    )
    assert times.span_mail(START, midnight, locale="en", zone=BERLIN) == (
        "Tuesday, 12 January 2021, 10:00 to 24:00 (German time)"
    )
    days = midnight + timedelta(days=1)
    assert times.span_mail(START, days, locale="de", zone=BERLIN) == (
        "Dienstag, 12. Januar 2021, 10:00 Uhr bis Mittwoch, 13. Januar 2021, 24:00 Uhr"
    )
    whole = times.span_mail(midnight, days, locale="de", zone=BERLIN)
    assert whole == "Mittwoch, 13. Januar 2021, 0:00 bis 24:00 Uhr"


READ = ["2021-01-12T10:00", "2021-01-12 10:00", "2021-01-12T10:00:00", "12.01.2021 10:00"]
NOT_READ = ["", "morgen", "2021-01-12", "12.01.2021", "31.02.2021 10:00", "12.01.2021 25:00"]


def test_local_times_are_read_as_browsers_and_germans_write_them() -> None:
    wanted = datetime(2021, 1, 12, 10, 0)
    also = ["12.1.2021, 10:00 Uhr", "12. 1. 2021 10.00", "Di., 12.01.2021 um 10 Uhr"]
    assert {text: times.read_local(text) for text in [*READ, *also]} == dict.fromkeys(
        [*READ, *also], wanted
    )
    for text in [*NOT_READ, "2021-01-12T10:00+01:00", "20210112T1000"]:
        with pytest.raises(ValueError, match=r"."):
            times.read_local(text)


def test_zones_to_choose_from_are_those_of_places_and_utc() -> None:
    names = times.zone_names()
    assert {"Europe/Berlin", "America/New_York", "UTC"} <= set(names)
    assert not {"EST", "Etc/GMT+5", "US/Eastern"} & set(names)


def test_mails_use_plain_spaces_only() -> None:
    german = times.span_mail(START, END, locale="de", zone=BERLIN)
    assert german == "Dienstag, 12. Januar 2021, 10:00 bis 12:00 Uhr"
    assert times.moment_mail(START, locale="de", zone=BERLIN) == (
        "Dienstag, 12. Januar 2021, 10:00 Uhr"
    )


def test_moment_on_pages() -> None:
    moment = datetime(2021, 1, 11, 8, tzinfo=UTC)
    assert plain(times.moment_page(moment, locale="de", zone=BERLIN)) == (
        "Mo., 11. Januar 2021, 9:00 Uhr"
    )


def test_other_zones_are_named() -> None:
    german = times.span_mail(START, END, locale="de", zone="America/New_York")
    assert german.endswith("4:00 bis 6:00 Uhr (Zeitzone America/New York)")
    english = times.span_mail(START, END, locale="en", zone="America/New_York")
    assert english.endswith("4:00 to 6:00 (America/New York time)")


def test_moment_moves_along_on_the_clocks() -> None:
    """Midnight stays midnight when the clocks change in between."""
    midnight, old = datetime(2026, 3, 9, 23, tzinfo=UTC), datetime(2026, 3, 10, 9, tzinfo=UTC)
    new = datetime(2026, 6, 2, 8, tzinfo=UTC)
    moved = times.moved_along(midnight, old=old, new=new, zone=BERLIN)
    assert moved == datetime(2026, 6, 1, 22, tzinfo=UTC)

"""Links into the forms of other providers: exact, bounded, and with nothing secret."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.calendars.add_links import (
    LONGEST,
    add_links,
    google,
    microsoft_365,
    outlook_com,
)
from tests.mail.writing.mails import EVENT

ALL = (google, outlook_com, microsoft_365)
ON_SITE = replace(EVENT, place="Rathaus, Saal 2 & 3", format="on_site")


def fields(address: str) -> dict[str, str]:
    """The fields of the form that a link fills."""
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def test_google_gets_title_times_place_and_text() -> None:
    address = google(ON_SITE)
    assert address.startswith("https://calendar.google.com/calendar/render?action=TEMPLATE&")
    assert fields(address) == {
        "action": "TEMPLATE",
        "text": "Digitale Dörfer",
        "dates": "20210112T090000Z/20210112T110000Z",
        "location": "Rathaus, Saal 2 & 3",
        "details": "Was ein Dorf braucht.\n\nhttps://x.example/events/d",
    }


@pytest.mark.parametrize(
    ("make", "host"),
    [(outlook_com, "outlook.live.com"), (microsoft_365, "outlook.office.com")],
)
def test_outlook_gets_title_times_place_and_text(make, host: str) -> None:
    address = make(EVENT)
    assert address.startswith(f"https://{host}/calendar/action/compose?rru=addevent&")
    assert fields(address) == {
        "rru": "addevent",
        "subject": "Digitale Dörfer",
        "startdt": "2021-01-12T09:00:00Z",
        "enddt": "2021-01-12T11:00:00Z",
        "location": "Online",
        "body": "Was ein Dorf braucht.\n\nhttps://x.example/events/d",
    }


@pytest.mark.parametrize("make", ALL)
def test_space_is_never_a_plus(make) -> None:
    assert "+" not in make(replace(EVENT, title="Eins und zwei", summary="a b + c"))


@pytest.mark.parametrize("make", ALL)
def test_no_number_or_link_of_the_room_is_revealed(make) -> None:
    for secret in ("631", "PIN", "/r/", "/door/", "Ada", "fragen@"):
        assert secret not in make(EVENT)


def test_summer_is_written_in_utc_too() -> None:
    summer = datetime(2026, 7, 4, 8, tzinfo=UTC)
    assert "20260704T080000Z" in google(replace(EVENT, starts_at=summer))
    naive = replace(EVENT, starts_at=summer.replace(tzinfo=None))
    with pytest.raises(ValueError, match="naive"):
        google(naive)


def test_every_provider_is_named() -> None:
    assert [link.provider for link in add_links(EVENT)] == ["Google", "Microsoft", "Microsoft"]


def test_long_text_is_cut_and_the_page_stays() -> None:
    text = "Übung „Löß“ 🙂 " * 200
    for link in add_links(replace(EVENT, summary=text)):
        said = fields(link.address).get("details") or fields(link.address)["body"]
        assert said.endswith("…\n\nhttps://x.example/events/d")
        assert text.startswith(said.partition("…")[0])
        assert LONGEST - 40 < len(link.address) <= LONGEST


TEXT = st.text(max_size=400)


@given(title=TEXT, place=st.text(max_size=600), summary=st.text(max_size=3_000))
def test_any_text_makes_one_address_of_bounded_length(title: str, place: str, summary: str) -> None:
    for link in add_links(replace(EVENT, title=title, place=place, summary=summary)):
        assert link.address.isascii()
        assert len(link.address) <= LONGEST
        assert not set(link.address) & set(" \r\n\"'<>")
        found = parse_qs(urlsplit(link.address).query, keep_blank_values=True)
        assert len(found) == (5 if link.provider == "Google" else 6)
        assert all(len(values) == 1 for values in found.values())
        assert urlsplit(link.address).fragment == ""

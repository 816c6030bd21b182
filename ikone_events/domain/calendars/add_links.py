"""Links that open a calendar provider's form for a new entry, filled with a public event.

They are for people without an invitation and contain only what the public page shows. Times are
UTC. Some programs cut addresses of more than about 2,000 characters: the description gives way.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from ikone_events.domain.header_text import clean_text, one_line
from ikone_events.domain.mails.facts import EventSummary
from ikone_events.domain.refusals import N_
from ikone_events.domain.times import to_local

# Lengths of the whole address and of two parts, in characters.
LONGEST = 1_900
_TITLE = 700
_PLACE = 500

_GOOGLE = "https://calendar.google.com/calendar/render"
# The older deeplink/compose is out of order at times (add2cal/add-to-calendar-button#412).
_OUTLOOK_COM = "https://outlook.live.com/calendar/action/compose"
_MICROSOFT_365 = "https://outlook.office.com/calendar/action/compose"

# Names and percent-encoded values of a query string.
Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AddLink:
    """A link: its name (a message id), the provider whose page it opens, and its address."""

    name: str
    provider: str
    address: str


def add_links(event: EventSummary) -> tuple[AddLink, ...]:
    """One link per provider, in display order."""
    return (
        AddLink(N_("Google Calendar"), "Google", google(event)),
        AddLink("Outlook.com", "Microsoft", outlook_com(event)),
        AddLink("Microsoft 365", "Microsoft", microsoft_365(event)),
    )


def google(event: EventSummary) -> str:
    """Google's form; `dates` is start and end in the basic format of ISO 8601."""
    short = "%Y%m%dT%H%M%SZ"
    fields = (
        ("action", "TEMPLATE"),
        ("text", _title(event)),
        ("dates", _quoted(f"{_utc(event.starts_at, short)}/{_utc(event.ends_at, short)}")),
        ("location", _place(event)),
    )
    return _address(_GOOGLE, fields, "details", event)


def outlook_com(event: EventSummary) -> str:
    """The form of private Microsoft accounts."""
    return _address(_OUTLOOK_COM, _outlook_fields(event), "body", event)


def microsoft_365(event: EventSummary) -> str:
    """The form of Microsoft accounts at work."""
    return _address(_MICROSOFT_365, _outlook_fields(event), "body", event)


def _outlook_fields(event: EventSummary) -> Fields:
    return (
        ("rru", "addevent"),
        ("subject", _title(event)),
        ("startdt", _quoted(_utc(event.starts_at, "%Y-%m-%dT%H:%M:%SZ"))),
        ("enddt", _quoted(_utc(event.ends_at, "%Y-%m-%dT%H:%M:%SZ"))),
        ("location", _place(event)),
    )


def _address(base: str, fields: Fields, about: str, event: EventSummary) -> str:
    """Spaces are %20: Outlook displays a plus sign literally (spatie/calendar-links#109)."""
    address = f"{base}?{'&'.join(f'{name}={value}' for name, value in fields)}"
    left = LONGEST - len(address) - len(f"&{about}=")
    link = _quoted(event.public_url)
    if len(link) > left:
        return address
    said = _fitting(clean_text(event.summary).strip(), left - len(link) - len("%0A%0A"))
    return f"{address}&{about}={said}{'%0A%0A' if said else ''}{link}"


def _fitting(text: str, room: int) -> str:
    """The percent-encoded text, cut between characters to `room` characters."""
    whole = _quoted(text)
    if len(whole) <= room:
        return whole
    ending, fitting, length = _quoted("…"), "", 0
    for character in text:
        quoted = _quoted(character)
        length += len(quoted)
        if length > room - len(ending):
            break
        fitting += quoted
    return f"{fitting}{ending}" if fitting else ""


def _title(event: EventSummary) -> str:
    return _fitting(one_line(event.title), _TITLE)


def _place(event: EventSummary) -> str:
    return _fitting(one_line(event.place) or "Online", _PLACE)


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _utc(moment: datetime, pattern: str) -> str:
    return to_local(moment, "UTC").strftime(pattern)

"""Links that open another provider's form for a new entry, filled with a public event.

For people without an invitation. They hold what the public page says and nothing else; times are
UTC, so no provider can get a zone wrong. An address longer than about 2,000 characters is cut by
some programs on the way, so the description gives way.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from ikone_events.domain.header_text import clean_text, one_line
from ikone_events.domain.mails.facts import EventSummary
from ikone_events.domain.refusals import N_

# Of the whole address, and of two of its parts.
LONGEST = 1_900
_TITLE = 700
_PLACE = 500

_GOOGLE = "https://calendar.google.com/calendar/render"
# The older deeplink/compose is out of order at times (add2cal/add-to-calendar-button#412).
_OUTLOOK_COM = "https://outlook.live.com/calendar/action/compose"
_MICROSOFT_365 = "https://outlook.office.com/calendar/action/compose"

# Names and values, these in the form of addresses.
Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AddLink:
    """What the link is called (a message id), whose pages it leads to, and its address."""

    name: str
    provider: str
    address: str


def add_links(event: EventSummary) -> tuple[AddLink, ...]:
    """One link a provider, in the order in which pages show them."""
    return (
        AddLink(N_("Google Calendar"), "Google", google(event)),
        AddLink("StepView.com", "Microsoft", outlook_com(event)),
        AddLink("Microsoft 365", "Microsoft", microsoft_365(event)),
    )


def google(event: EventSummary) -> str:
    """Google's form; `dates` is start and end in the short form of ISO 8601."""
    fields = (
        ("action", "TEMPLATE"),
        ("text", _title(event)),
        ("dates", _quoted(f"{_short(event.starts_at)}/{_short(event.ends_at)}")),
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
        ("startdt", _quoted(_long(event.starts_at))),
        ("enddt", _quoted(_long(event.ends_at))),
        ("location", _place(event)),
    )


def _address(base: str, fields: Fields, about: str, event: EventSummary) -> str:
    """Spaces as %20: Outlook shows a plus sign as one (spatie/calendar-links#109)."""
    address = f"{base}?{'&'.join(f'{name}={value}' for name, value in fields)}"
    left = LONGEST - len(address) - len(f"&{about}=")
    link = _quoted(event.public_url)
    if len(link) > left:
        return address
    said = _fitting(clean_text(event.summary).strip(), left - len(link) - len("%0A%0A"))
    return f"{address}&{about}={said}{'%0A%0A' if said else ''}{link}"


def _fitting(text: str, room: int) -> str:
    """The text in the form of addresses, cut between characters where it is too long."""
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


def _short(moment: datetime) -> str:
    return f"{_utc(moment):%Y%m%dT%H%M%SZ}"


def _long(moment: datetime) -> str:
    return f"{_utc(moment):%Y-%m-%dT%H:%M:%SZ}"


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a calendar takes no naive time")
    return moment.astimezone(UTC)

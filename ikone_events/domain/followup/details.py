"""What is said about a material: its kinds, and the checks of its texts."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from ikone_events.domain.address import looks_like_address
from ikone_events.domain.events.draft import is_web_address
from ikone_events.domain.followup.access import Availability, Visibility
from ikone_events.domain.header_text import (
    header_complaint,
    normal_line,
    normal_text,
    text_complaint,
)
from ikone_events.domain.outgoing import link_complaint
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.typed_links import address_complaints

MOST_TEXT = 4000
_MOST = {"title": 200, "contact_name": 200, "contact_email": 254, "url": 2000}
# A language with a script or region at most (BCP 47, 2.2).
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,6})?")


class MaterialKind(StrEnum):
    """The kinds; ANSWERS stands for the published answers to people's questions."""

    FILE = "slides"
    LINK = "link"
    RECORDING = "recording"
    CONTACT = "contact"
    NOTE = "note"
    ANSWERS = "answers"


KIND_LABELS = {
    MaterialKind.FILE: N_("File"),
    MaterialKind.LINK: N_("Link"),
    MaterialKind.RECORDING: N_("Recording"),
    MaterialKind.CONTACT: N_("Contact"),
    MaterialKind.NOTE: N_("Note"),
    MaterialKind.ANSWERS: N_("Answers to questions"),
}
VISIBILITY_LABELS = {
    Visibility.REGISTERED: N_("People who registered"),
    Visibility.PUBLIC: N_("Everybody"),
    Visibility.ATTENDED: N_("People who took part"),
    Visibility.CHOSEN: N_("People I choose"),
}
AVAILABILITY_LABELS = {
    Availability.FOLLOW_UP: N_("With the follow-up"),
    Availability.NOW: N_("At once"),
    Availability.AT: N_("From a set time on"),
}
# Kinds with an address on another site.
LINKED = (MaterialKind.LINK, MaterialKind.RECORDING)


class Scan(StrEnum):
    """Why a file is held back; an empty text once it may be handed out."""

    WAITING = "waiting"
    INFECTED = "infected"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialDetails:
    """What organisers type about a material; names are those of the columns."""

    title: str = ""
    description: str = ""
    language: str = ""
    accessible: bool = False
    visibility: str = Visibility.REGISTERED.value
    availability: str = Availability.FOLLOW_UP.value
    available_at: datetime | None = None
    url: str = ""
    contact_name: str = ""
    contact_email: str = ""


def normal_details(details: MaterialDetails) -> MaterialDetails:
    """The details with texts in their normal form, without a moment that does not count."""
    is_at = details.availability == Availability.AT
    lines: dict[str, Any] = {
        name: normal_line(" ".join(getattr(details, name).split())) for name in _MOST
    }
    return replace(
        details,
        **lines,
        description=normal_text(details.description).strip(),
        available_at=details.available_at if is_at else None,
    )


def complaints_about(
    details: MaterialDetails,
    kind: MaterialKind,
    *,
    hosts: Collection[str] | None,
    kept: Collection[str] = (),
) -> list[Complaint]:
    """What is wrong with normal details of a kind; of contacts about "name" and "email".

    The host of a link may be in one's own network if it is among `hosts`; links among `kept`
    (those stored before) are not checked, and none if `hosts` is None.
    """
    found = [*_of_lines(details, kind)]
    if len(details.description) > MOST_TEXT:
        text = N_("At most %(limit)d characters, please.")
        found.append(Complaint(text, {"limit": MOST_TEXT}, "description"))
    if complaint := text_complaint(details.description, "description"):
        found.append(complaint)
    if kind is MaterialKind.NOTE and not details.description:
        found.append(Complaint(N_("Please enter a text."), {}, "description"))
    if kind in LINKED and not is_web_address(details.url):
        text = N_("Please give a complete address, beginning with https://.")
        found.append(Complaint(text, {}, "url"))
    elif kind in LINKED and details.url not in kept and hosts is not None:
        found += filter(None, [link_complaint(details.url, hosts, "url")])
    if hosts is not None:
        found += address_complaints(details.description, hosts, "description", kept)
    if kind is MaterialKind.CONTACT and not looks_like_address(details.contact_email):
        text = N_("Please enter an address like name@example.org.")
        found.append(Complaint(text, {}, "email"))
    return found + _of_choices(details)


def _of_lines(details: MaterialDetails, kind: MaterialKind) -> list[Complaint]:
    needed = {"title": N_("Please enter a title.")}
    if kind is MaterialKind.CONTACT:
        needed["name"] = N_("Please enter a name.")
    found = []
    for column, most in _MOST.items():
        name, line = column.removeprefix("contact_"), getattr(details, column)
        if name in needed and not line:
            found.append(Complaint(needed[name], {}, name))
        elif len(line) > most:
            text = N_("At most %(limit)d characters, please.")
            found.append(Complaint(text, {"limit": most}, name))
        elif name != "url" and (complaint := header_complaint(line, name)):
            found.append(complaint)
    return found


def _of_choices(details: MaterialDetails) -> list[Complaint]:
    found = []
    for name, kinds in (("visibility", Visibility), ("availability", Availability)):
        if getattr(details, name) not in {each.value for each in kinds}:
            found.append(Complaint(N_("Please choose one of the options."), {}, name))
    if details.availability == Availability.AT and details.available_at is None:
        text = N_("Please enter a date and a time, such as 12.01.2021 10:00.")
        found.append(Complaint(text, {}, "available_at"))
    if details.language and not _TAG.fullmatch(details.language):
        text = N_("Please give the language as a tag such as de or en.")
        found.append(Complaint(text, {}, "language"))
    return found

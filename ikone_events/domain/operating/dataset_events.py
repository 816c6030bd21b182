"""Events of a file, and their materials, which are checked like those that are typed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ikone_events.domain.events.draft import EventDraft
from ikone_events.domain.events.facts import State
from ikone_events.domain.followup.details import (
    MaterialDetails,
    MaterialKind,
    complaints_about,
    normal_details,
)
from ikone_events.domain.operating.dataset_records import optional_moment_of, text_in
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.form_fields import OwnField

_MOST_FILE_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialRecord:
    """One material of a file; `file` is the name of a file beside it, "" if there is none."""

    kind: MaterialKind
    details: MaterialDetails
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One event of a file; `history` is (moment, actor, new state)."""

    slug: str
    draft: EventDraft
    state: State
    materials: tuple[MaterialRecord, ...]
    history: tuple[tuple[datetime, str, State], ...]
    fields: tuple[OwnField, ...] = ()


def material_of(record: object, *, hosts: Collection[str] | None) -> MaterialRecord:
    """A file, link, recording, contact or note; `hosts` as in `check_draft`. Raises UnfitInput."""
    if not isinstance(record, Mapping):
        raise UnfitInput(Complaint(N_("This must be a list of objects."), {}, "materials"))
    kind = _kind_of(str(record.get("type") or "link"))
    details = normal_details(_details_of(record))
    if complaints := complaints_about(details, kind, hosts=hosts):
        raise UnfitInput([Complaint(each.text, each.values, "materials") for each in complaints])
    file = str(record.get("file") or "") if kind is MaterialKind.FILE else ""
    if len(file) > _MOST_FILE_NAME:
        text = N_("At most %(limit)d characters, please.")
        raise UnfitInput(Complaint(text, {"limit": _MOST_FILE_NAME}, "materials"))
    return MaterialRecord(kind=kind, details=details, file=file)


def _kind_of(name: str) -> MaterialKind:
    try:
        return MaterialKind.FILE if name == "file" else MaterialKind(name)
    except ValueError as fault:
        text = N_("“%(text)s” is no kind of material.")
        raise UnfitInput(Complaint(text, {"text": name[:40]}, "materials")) from fault


def _details_of(record: Mapping[str, Any]) -> MaterialDetails:
    text = {name: str(record.get(name) or "") for name in ("url", "name", "email", "language")}
    title = str(record.get("title") or record.get("file") or text["name"] or text["url"])
    return MaterialDetails(
        title=title,
        description=text_in(record.get("description"), "de"),
        language=text["language"],
        accessible=record.get("accessible") is True,
        visibility=str(record.get("visibility") or "registered"),
        availability=str(record.get("availability") or "follow_up"),
        available_at=optional_moment_of(record.get("available_at"), "available_at"),
        url=text["url"],
        contact_name=text["name"],
        contact_email=text["email"],
    )

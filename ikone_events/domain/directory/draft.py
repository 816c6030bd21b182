"""The content of an administration, and its checks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ikone_events.domain.directory.administrations import AdministrationKind, key_of
from ikone_events.domain.header_text import normal_line, normalise, stored_text_complaints
from ikone_events.domain.refusals import N_, Complaint, UnfitInput

LENGTHS = {"name": 200, "short_name": 200, "district": 200, "official_key": 20}
ALIAS_LENGTH = 200
MOST_ALIASES = 50
# Digits in Germany; neighbouring countries use letters and hyphens.
_OFFICIAL_KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z .-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrationDraft:
    """An administration from a form or a list; the membership may be open at both ends."""

    name: str
    short_name: str = ""
    kind: str = AdministrationKind.OTHER.value
    official_key: str = ""
    district: str = ""
    aliases: tuple[str, ...] = ()
    member: bool = False
    member_since: date | None = None
    member_until: date | None = None

    def __post_init__(self) -> None:
        """Normalise the texts."""
        normalise(self, LENGTHS)
        object.__setattr__(self, "aliases", tuple(map(normal_line, self.aliases)))


def check_administration(draft: AdministrationDraft) -> None:
    """Raise UnfitInput with all complaints about a draft."""
    if found := tuple(_complaints(draft)):
        raise UnfitInput(found)


def _complaints(draft: AdministrationDraft) -> Iterator[Complaint]:
    if not key_of(draft.name):
        yield Complaint(N_("Please enter a name."), {}, "name")
    for name, most in LENGTHS.items():
        yield from stored_text_complaints(getattr(draft, name), most, name)
    if draft.official_key and not _OFFICIAL_KEY.fullmatch(draft.official_key):
        yield Complaint(
            N_("An official key holds digits, letters and hyphens only."), {}, "official_key"
        )
    if draft.kind not in set(AdministrationKind):
        yield Complaint(N_("There is no kind “%(kind)s”."), {"kind": draft.kind}, "kind")
    yield from _alias_complaints(draft)
    yield from _member_complaints(draft)


def _alias_complaints(draft: AdministrationDraft) -> Iterator[Complaint]:
    if len(draft.aliases) > MOST_ALIASES:
        text = N_("At most %(limit)d other names, please.")
        yield Complaint(text, {"limit": MOST_ALIASES}, "aliases")
    for alias in draft.aliases:
        yield from stored_text_complaints(alias, ALIAS_LENGTH, "aliases")
        if not key_of(alias):
            text = N_("“%(name)s” holds neither letters nor digits.")
            yield Complaint(text, {"name": alias}, "aliases")


def _member_complaints(draft: AdministrationDraft) -> Iterator[Complaint]:
    if not draft.member and (draft.member_since or draft.member_until):
        yield Complaint(N_("Dates of membership belong to members only."), {}, "member")
    if draft.member_since and draft.member_until and draft.member_until < draft.member_since:
        yield Complaint(N_("The membership ends before it begins."), {}, "member_until")

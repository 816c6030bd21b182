"""Speakers and co-organisers of an event: people behind it, who are not registered."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from ikone_events.domain.events.facts import TAKES_PLACE, State
from ikone_events.domain.header_text import name_complaint, normalise, stored_text_complaints
from ikone_events.domain.refusals import N_, Complaint, UnfitInput

# They open the room, test their slides and talk to each other before anybody else comes.
ENTER_BEFORE = timedelta(minutes=60)
# Asked to be there by now; attendees are let in at the same time.
READY_BEFORE = timedelta(minutes=15)
# An event may run over, and whoever lost the connection must be able to come back.
LEAVE_AFTER = timedelta(minutes=60)


class SpeakerRole(StrEnum):
    """What somebody does at an event."""

    SPEAKER = "speaker"
    CO_ORGANISER = "co_organiser"


SPEAKER_ROLE_LABELS: Mapping[SpeakerRole, str] = {
    SpeakerRole.SPEAKER: N_("Speaker"),
    SpeakerRole.CO_ORGANISER: N_("Co-organiser"),
}

SPEAKER_LENGTHS: Mapping[str, int] = {"name": 200, "email": 254, "organisation": 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerDraft:
    """A speaker as typed in the form; `name` is what mails greet: with title, without Mr or Ms."""

    role: str
    name: str
    email: str
    organisation: str = ""
    locale: str = "de"

    def __post_init__(self) -> None:
        """Normalise the texts."""
        normalise(self, SPEAKER_LENGTHS.keys())


def check_speaker(draft: SpeakerDraft) -> None:
    """Raise UnfitInput with all complaints about a draft; the form checks the address."""
    if found := tuple(_complaints(draft)):
        raise UnfitInput(found)


def _complaints(draft: SpeakerDraft) -> Iterator[Complaint]:
    if draft.role not in set(SpeakerRole):
        yield Complaint(N_("Please choose what the person does."), {}, "role")
    if not draft.name.strip():
        yield Complaint(N_("Please enter a name."), {}, "name")
    if not draft.email:
        yield Complaint(N_("Please enter an e-mail address."), {}, "email")
    yield from stored_text_complaints(draft.email, SPEAKER_LENGTHS["email"], "email")
    for name in ("name", "organisation"):
        if found := name_complaint(getattr(draft, name), name):
            yield found


def not_briefed_because(state: str, *, over: bool) -> Complaint | None:
    """Why no briefing can be sent, or None: only about events that take place."""
    if state == State.DRAFT:
        return Complaint(N_("Please announce the event first. Its date can still change freely."))
    if state not in TAKES_PLACE:
        return Complaint(N_("The event does not take place at this date."))
    return Complaint(N_("The event is over.")) if over else None

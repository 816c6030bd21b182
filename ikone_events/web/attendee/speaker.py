"""Pages of speakers and co-organisers: their own one, and the door that calendar entries hold.

A GET changes nothing and asks no provider. Nobody's attendance is recorded here.
"""

from flask import Blueprint, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.urls import iri_to_uri

from ikone_events.domain.events.speakers import READY_BEFORE, SPEAKER_ROLE_LABELS, SpeakerRole
from ikone_events.domain.refusals import N_, Complaint, LinkGone, LinkRefused
from ikone_events.domain.rooms.door import Door
from ikone_events.domain.rooms.providers import RoomUnavailable
from ikone_events.domain.rooms.speaker_door import opens_to_speakers_at
from ikone_events.domain.tokens import Purpose
from ikone_events.services.followup.handed_in import not_taken_because
from ikone_events.services.installation import get_installation, now
from ikone_events.services.rooms.speaker_door import moderator_address, speaker_door_of
from ikone_events.store.events.handed_in import handed_in_by
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import retention_until
from ikone_events.store.events.speakers import Speaker, find_speaker
from ikone_events.store.figures.counts import Table, counts_of
from ikone_events.store.registering.questions import anonymous_questions
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.limits import PERSONAL, limited

blueprint = Blueprint("speaker", __name__)

_MOST_QUESTIONS = 500


def speaker_from_token(token: str, purpose: Purpose) -> Speaker:
    """The speaker of a link, with the event.

    Raises LinkRefused for forged links, LinkGone for those of somebody who has been deleted and for
    replaced ones.
    """
    claim = get_installation().signer.read(purpose, token)
    found = find_speaker(claim.public_id)
    if found is None:
        text = N_(
            "You are no longer entered for this event, or it is over and its data have been "
            "deleted. If that is wrong, please ask the organisers."
        )
        raise LinkGone(Complaint(text))
    if claim.epoch > found.link_epoch:
        raise LinkRefused(Complaint(N_("This link is not valid.")))
    if claim.epoch < found.link_epoch:
        text = N_("This link has been replaced. Please use the one in the latest e-mail to you.")
        raise LinkGone(Complaint(text))
    return found


@blueprint.get("/speaker/<token>")
@permission(Permission.PERSONAL_LINK)
def page(token: str) -> ResponseReturnValue:
    """What a speaker needs: the door, numbers, questions, the way to upload slides."""
    return _page(token, speaker_from_token(token, Purpose.SPEAKER))


@blueprint.post("/speaker/<token>")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def enter(token: str) -> ResponseReturnValue:
    """Lead into the room as a moderator."""
    speaker = speaker_from_token(token, Purpose.SPEAKER)
    return _enter(speaker, token) or _page(token, speaker, failed=True)


@blueprint.get("/speaker-door/<token>")
@permission(Permission.PERSONAL_LINK)
def calendar_door(token: str) -> ResponseReturnValue:
    """The door alone: calendars are shared with delegates and teams."""
    return _door(token, speaker_from_token(token, Purpose.SPEAKER_DOOR))


@blueprint.post("/speaker-door/<token>")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def calendar_enter(token: str) -> ResponseReturnValue:
    """The same as behind the own page."""
    speaker = speaker_from_token(token, Purpose.SPEAKER_DOOR)
    return _enter(speaker) or _door(token, speaker, failed=True)


def _page(token: str, speaker: Speaker, *, failed: bool = False) -> ResponseReturnValue:
    event = speaker.event
    counts = counts_of(event, Table.PEOPLE, Table.ADMINISTRATIONS)
    questions, asked = anonymous_questions(event, most=_MOST_QUESTIONS)
    claim = speaker.public_id, speaker.link_epoch
    text = render_template(
        "speaker/page.html",
        **_of_door(event, url_for("speaker.enter", token=token), failed),
        speaker=speaker,
        role=SPEAKER_ROLE_LABELS[SpeakerRole(speaker.role)],
        ready_at=event.starts_at - READY_BEFORE,
        people=counts.confirmed,
        bodies=counts.administrations,
        questions=questions,
        more=asked - len(questions),
        files=handed_in_by(speaker),
        takes_slides=not_taken_because(event) is None,
        upload=get_installation().speaker_page(Purpose.UPLOAD, *claim),
        kept_until=retention_until(event),
    )
    return make_response(text, 503 if failed else 200)


def _door(token: str, speaker: Speaker, *, failed: bool = False) -> ResponseReturnValue:
    here = url_for("speaker.calendar_enter", token=token)
    text = render_template("speaker/door.html", **_of_door(speaker.event, here, failed))
    return make_response(text, 503 if failed else 200)


def _of_door(event: Event, here: str, failed: bool) -> dict[str, object]:
    return {
        "event": event,
        "here": here,
        "door": speaker_door_of(event, now()).value,
        "opens_at": opens_to_speakers_at(event.starts_at),
        "failed": failed,
    }


def _enter(speaker: Speaker, own: str = "") -> ResponseReturnValue | None:
    """The page that leads into the room; None if it can't be entered now.

    It is the answer to the press itself: the address stands nowhere else, and the CSP forbids a
    form's redirect to another site.
    """
    event = speaker.event
    if speaker_door_of(event, now()) is not Door.OPEN:
        return None
    try:
        address = iri_to_uri(moderator_address(event, speaker))
    except RoomUnavailable:
        return None
    text = render_template("speaker/enter.html", event=event, address=address, own=own)
    response = make_response(text)
    response.headers["Refresh"] = f"0; url={address}"
    return response

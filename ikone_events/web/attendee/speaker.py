"""Pages of speakers and co-organisers: their own one, and the door that calendar entries hold.

A GET changes nothing and asks no provider. Nobody's attendance is recorded here.
"""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.events.speakers import READY_BEFORE, SPEAKER_ROLE_LABELS, SpeakerRole
from ikone_events.domain.refusals import N_, Complaint, LinkGone
from ikone_events.domain.rooms.door import Door, opens_to_speakers_at
from ikone_events.domain.tokens import Purpose
from ikone_events.services.followup.handed_in import not_taken_because
from ikone_events.services.installation import get_installation, now
from ikone_events.services.rooms.entering import join_address, moderator_of, speaker_door_of
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import retention_until
from ikone_events.store.events.speakers import Speaker, find_speaker, handed_in_by
from ikone_events.store.figures.counts import Table, counts_of
from ikone_events.store.rooms.questions import anonymous_questions
from ikone_events.web.attendee.entering import RoomPassage, lead_on, press_of_moderator
from ikone_events.web.attendee.frame import check_claim
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
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
    check_claim(claim, found.link_epoch)
    return found


@blueprint.get("/speaker/<token>")
@permission(Permission.PERSONAL_LINK)
def page(token: str) -> ResponseReturnValue:
    """What a speaker needs: the door, numbers, questions, the way to upload slides."""
    speaker = speaker_from_token(token, Purpose.SPEAKER)
    here = url_for("speaker.page", token=token)
    return _led_on(speaker, here, back=here) or _page(token, speaker)


@blueprint.post("/speaker/<token>")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def enter(token: str) -> ResponseReturnValue:
    """Lead into the room as a moderator."""
    speaker = speaker_from_token(token, Purpose.SPEAKER)
    return press_of_moderator(speaker.event, url_for("speaker.page", token=token), now=now())


@blueprint.get("/speaker-door/<token>")
@permission(Permission.PERSONAL_LINK)
def calendar_door(token: str) -> ResponseReturnValue:
    """The door alone: calendars are shared with delegates and teams."""
    speaker = speaker_from_token(token, Purpose.SPEAKER_DOOR)
    here = url_for("speaker.calendar_door", token=token)
    shown = _of_door(speaker.event, url_for("speaker.calendar_enter", token=token))
    return _led_on(speaker, here) or render_template("speaker/door.html", **shown)


@blueprint.post("/speaker-door/<token>")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def calendar_enter(token: str) -> ResponseReturnValue:
    """The same as behind the own page."""
    speaker = speaker_from_token(token, Purpose.SPEAKER_DOOR)
    here = url_for("speaker.calendar_door", token=token)
    return press_of_moderator(speaker.event, here, now=now())


def _page(token: str, speaker: Speaker) -> str:
    event, ready_at = speaker.event, speaker.event.starts_at - READY_BEFORE
    counts = counts_of(event, Table.PEOPLE, Table.ADMINISTRATIONS)
    questions, asked = anonymous_questions(event, most=_MOST_QUESTIONS)
    claim = speaker.public_id, speaker.link_epoch
    return render_template(
        "speaker/page.html",
        **_of_door(event, url_for("speaker.enter", token=token)),
        speaker=speaker,
        role=SPEAKER_ROLE_LABELS[SpeakerRole(speaker.role)],
        ready_at=ready_at if now() < ready_at else None,
        people=counts.confirmed,
        bodies=counts.administrations,
        questions=questions,
        more=asked - len(questions),
        files=handed_in_by(speaker),
        takes_slides=not_taken_because(event) is None,
        upload=get_installation().speaker_page(Purpose.UPLOAD, *claim),
        kept_until=retention_until(event),
    )


def _of_door(event: Event, here: str) -> dict[str, object]:
    return {
        "event": event,
        "here": here,
        "door": speaker_door_of(event, now()).value,
        "opens_at": opens_to_speakers_at(event.starts_at),
    }


def _led_on(speaker: Speaker, here: str, back: str = "") -> ResponseReturnValue | None:
    """The page after a press; None where nobody has pressed, or the door is shut."""
    event, moment = speaker.event, now()
    if "go" not in request.args or speaker_door_of(event, moment) is not Door.OPEN:
        return None
    passage = RoomPassage(event=event, here=here, back=back, back_label=_("Back to your page"))
    return lead_on(passage, lambda: join_address(event, moderator_of(speaker), now=moment))

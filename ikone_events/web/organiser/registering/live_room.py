"""The way of the office into the room of its own event, as a moderator; nothing is recorded."""

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.rooms.door import Door
from ikone_events.services.installation import now
from ikone_events.services.rooms.entering import host_of, join_address, speaker_door_of
from ikone_events.web.attendee.entering import RoomPassage, lead_on, press_of_moderator
from ikone_events.web.organiser.frame import blueprint, seen_event
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.i18n import gettext as _

_PATH = "/events/<slug>/live/room"


@blueprint.post(_PATH)
@permission(Permission.EDIT_EVENTS)
def enter_room(slug: str) -> ResponseReturnValue:
    """Make sure that the room is there, then lead on."""
    return press_of_moderator(seen_event(slug), url_for("organiser.room", slug=slug), now=now())


@blueprint.get(_PATH)
@permission(Permission.EDIT_EVENTS)
def room(slug: str) -> ResponseReturnValue:
    """The page after the press; without one, or out of hours, the live board."""
    event, moment = seen_event(slug), now()
    board = url_for("organiser.live", slug=slug)
    if "go" not in request.args or speaker_door_of(event, moment) is not Door.OPEN:
        return redirect(board, 303)
    here, account = url_for("organiser.enter_room", slug=slug), organiser()
    host = host_of(event, account.name or _("Guest"), account.id)  # never the address
    passage = RoomPassage(event=event, here=here, back=board, back_label=_("Back to the live view"))
    return lead_on(passage, lambda: join_address(event, host, now=moment))

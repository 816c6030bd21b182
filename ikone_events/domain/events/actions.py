"""The actions of the lifecycle and their labels."""

from enum import StrEnum

from ikone_events.domain.refusals import N_


class Action(StrEnum):
    """What an organiser, a command or a step can do to an event."""

    ANNOUNCE = "announce"
    OPEN = "open"
    CLOSE = "close"
    REOPEN = "reopen"
    DISPATCH = "dispatch"
    MARK_SENT = "mark_sent"
    FOLLOW_UP = "follow_up"
    CONCLUDE = "conclude"
    ARCHIVE = "archive"
    POSTPONE = "postpone"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"
    DISCARD = "discard"
    UNDO = "undo"


# What `undo` takes back while its mailing has not begun.
UNDOABLE = (Action.ANNOUNCE, Action.POSTPONE, Action.CANCEL)

ACTION_LABELS: dict[Action, str] = {
    Action.ANNOUNCE: N_("Announce"),
    Action.OPEN: N_("Open registration"),
    Action.CLOSE: N_("Close registration"),
    Action.REOPEN: N_("Reopen registration"),
    Action.DISPATCH: N_("Send access link"),
    Action.MARK_SENT: N_("Link was sent by other means"),
    Action.FOLLOW_UP: N_("Send follow-up"),
    Action.CONCLUDE: N_("Conclude without follow-up"),
    Action.ARCHIVE: N_("Archive"),
    Action.POSTPONE: N_("Postpone indefinitely"),
    Action.RESCHEDULE: N_("Change the date"),
    Action.CANCEL: N_("Cancel event"),
    Action.DISCARD: N_("Discard draft"),
    Action.UNDO: N_("Undo"),
}

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


def label_of_action(action: str) -> str:
    """The label of an action in the history, which begins with none of the lifecycle."""
    return ACTION_LABELS[Action(action)] if action in set(Action) else N_("Draft created")


# What is true once the action is done.
DONE_TEXTS: dict[Action, str] = {
    Action.ANNOUNCE: N_("The event is announced."),
    Action.OPEN: N_("Registration has been opened."),
    Action.CLOSE: N_("Registration is closed."),
    Action.REOPEN: N_("Registration has been opened again."),
    Action.DISPATCH: N_("The access link counts as sent."),
    Action.MARK_SENT: N_("The access link counts as sent."),
    Action.FOLLOW_UP: N_("The event is followed up."),
    Action.CONCLUDE: N_("The event is concluded without follow-up."),
    Action.ARCHIVE: N_("The event is archived."),
    Action.POSTPONE: N_("The event is postponed."),
    Action.RESCHEDULE: N_("The event has its new date."),
    Action.CANCEL: N_("The event is cancelled."),
    Action.DISCARD: N_("The draft is discarded."),
    Action.UNDO: N_("The event is as it was before. Nobody has been told yet."),
}

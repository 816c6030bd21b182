"""What an entry of the to-do list says, and the label of the link to where it is settled."""

from collections.abc import Mapping

from ikone_events.domain.events.lifecycle import ACTION_LABELS
from ikone_events.domain.events.todo_facts import Target, ToDo
from ikone_events.domain.refusals import N_, Complaint

TARGET_LABELS: Mapping[Target, str] = {
    Target.EVENT: N_("Open event"),
    Target.ROOM: N_("Enter link"),
    Target.DOOR: N_("Check the video room"),
    Target.EDIT: N_("Edit event"),
    Target.REGISTRATIONS: N_("See registrations"),
    Target.MAIL: N_("See e-mails"),
    Target.ANSWERS: N_("See answers"),
    Target.MATERIALS: N_("Add materials"),
    Target.FOLLOW_UP: N_("View the follow-up"),
    Target.HANDED_IN: N_("See the slides"),
    Target.MATERIAL_REQUESTS: N_("See the requests"),
    Target.STEPS: N_("See the automatic steps"),
    Target.ATTENDANCE: N_("Record attendance"),
}


def sentences_of(todo: ToDo) -> tuple[Complaint, ...]:
    """What has to be done, and why it can't be done yet."""
    return (Complaint(todo.text, todo.values), *todo.complaints)


def settling_label(todo: ToDo, *, may_act: bool) -> str:
    """The message id: the action that settles it, if the reader may take it, or the page."""
    if todo.action is not None and may_act:
        return ACTION_LABELS[todo.action]
    return TARGET_LABELS.get(todo.target, "")

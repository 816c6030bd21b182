"""Entries of the to-do list as lines of a mail, with links to where they are settled."""

from ikone_events.domain.events.todo_facts import Severity, ToDo, sentences_of, settling_label
from ikone_events.domain.mails.facts import OfficeEntry
from ikone_events.domain.refusals import N_
from ikone_events.mail.writing.translating import complaint_words, translated
from ikone_events.services.installation import get_installation
from ikone_events.services.office.recipients import TODAY

_OPEN_TODAY = N_("Open “Today”")


def entry_of(todo: ToDo, locale: str) -> OfficeEntry:
    """The line of an entry; those without a page lead to “Today”.

    Whoever gets such mails may act.
    """
    label = settling_label(todo, may_act=True)
    path = f"/organise/events/{todo.slug}/to-do/{todo.name}" if todo.slug else TODAY
    return OfficeEntry(
        text=" ".join(complaint_words(each, locale) for each in sentences_of(todo)),
        url=get_installation().page(path),
        label=translated(label or _OPEN_TODAY, locale),
        urgent=todo.severity is Severity.DANGER,
    )

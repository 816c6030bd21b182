"""What is urgent enough to be mailed at once, by its cause.

Only what a mail can reach somebody about: a mail server that takes nothing, a silent worker, a full
disk and a stopped outbox are shown on pages and by `/readyz`. Alarms of backups and of erasure are
about no event; they are in the digest.
"""

from collections.abc import Collection, Iterator

from ikone_events.domain.events.todo_facts import Severity, Target, ToDo
from ikone_events.domain.operating.alarms import HARMLESS, Alarm

AT_ONCE = frozenset({Alarm.MAILBOX, Alarm.TROUBLE})
# What a digest can report: while it is written mails leave, or wait for the mail server.
IN_DIGEST = HARMLESS


def causes(todo: ToDo, failed_mailings: Collection[int], provider: str) -> Iterator[str]:
    """The names of the causes of an urgent entry; none for one that can wait.

    A missing room is one cause, whatever it blocks. Each mailing that fails is one, and 0 stands
    for single mails. Another `provider` of the room that fails too is another cause.
    """
    if todo.severity is not Severity.DANGER:
        return
    if todo.target is Target.MAIL:
        yield from (f"mail-{number}" for number in sorted(failed_mailings))
    elif todo.target is Target.DOOR:
        yield f"{Target.DOOR.value}-{provider}"
    elif todo.target is Target.STEPS:
        yield f"step-{todo.step_id}"
    else:
        yield todo.target.value

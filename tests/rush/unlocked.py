"""`python -m tests.rush.unlocked`: our commands, with the lock of an event taken away.

Whoever writes the event's row makes the others wait. Here the driver is given a SELECT of the same
row in the place of that UPDATE, and the plain statement of registrations is left out; all else is
as it is.
"""

from typing import Any

from sqlalchemy import Engine, event

from ikone_events.store.registering import current_event
from tests.zygote import serve

_LOCK = "UPDATE event SET lock_version="


@event.listens_for(Engine, "before_cursor_execute", retval=True)
def _read_instead(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any
) -> tuple[str, Any]:
    if statement.startswith(_LOCK):
        change, _, columns = statement.partition(" RETURNING ")
        wanted = change.partition(" WHERE ")[2]
        statement = f"SELECT {columns} FROM event WHERE {wanted}"  # noqa: S608 - our own statement
    return statement, parameters


if __name__ == "__main__":
    current_event.update_rows = lambda *_statement, **_values: 0
    serve()

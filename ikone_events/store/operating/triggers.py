"""Triggers by which the database itself keeps the counters of seats and the versions of contents.

Whatever writes a row is seen: forms, imports, retention, SQL by hand. Every trigger is written once
for SQLite and PostgreSQL, where it gets a function of its own name, and derived from the tables: a
new column, or a new table with an `event_id`, is covered by itself.

Versions are random numbers, not counted up: a number that was used never comes back with other
contents, after a rollback, with the id of a deleted event, or after a restore.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Table, event, text

from ikone_events.domain.registering.registration import SEATED, Status
from ikone_events.store.db import Base

_PREFIX = "tr_"
# Columns of an event that no page, form or mail of it is derived from.
OF_WRITING = frozenset(
    {
        *("lock_version", "content_version"),
        *("update_due_at", "update_since", "update_by", "update_reason"),
    }
)
# Tables of an event that registrations and mails write; what is shown of them is read anew.
BY_ATTENDEES = frozenset(
    {
        *("registration", "seat_count", "import_list", "subscriber", "assignment"),
        *("mailing", "outbox_mail", "incoming_mail", "attendance", "question"),
        *("room_session", "room_watch", "check_in_press", "standing_date", "material_request"),
        "feedback_answer",
    }
)
# Tables of an event that only organisers' pages show.
FOR_ORGANISERS = frozenset({"dismissed_todo", "office_alarm", "listing_progress", "speaker"})
# Tables that many events are derived from, besides rows without an event in the tables of events.
SHARED = ("organisation", "organisation_name", "installation_settings")

# Up to 2 ** 53.
_RANDOM = {
    "sqlite": "abs(random() % 9007199254740991)",
    "postgresql": "trunc(random() * 9007199254740991)",
}
_SEATED = ", ".join(f"'{status.value}'" for status in sorted(SEATED))
_WAITING = f"'{Status.WAITLISTED.value}'"
_OPERATIONS = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


@dataclass(frozen=True, slots=True)
class Trigger:
    """What the database does after each row that an operation writes in a table.

    `operation` is INSERT, DELETE, UPDATE or "UPDATE OF columns"; `{random}` in the statements is a
    new version.
    """

    name: str
    table: str
    operation: str
    statements: tuple[str, ...]
    condition: str = "true"

    def definitions(self, dialect: str) -> Iterator[str]:
        """The statements that create it."""
        body = " ".join(f"{each};" for each in self.statements).format(random=_RANDOM[dialect])
        head = (
            f'CREATE TRIGGER {self.name} AFTER {self.operation} ON "{self.table}"'
            f" FOR EACH ROW WHEN ({self.condition})"
        )
        if dialect == "sqlite":
            yield f"{head} BEGIN {body} END"
            return
        yield (
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN {body} RETURN NULL; END $$"
        )
        yield f"{head} EXECUTE FUNCTION {self.name}()"


def all_triggers() -> list[Trigger]:
    """The triggers of a database with today's tables."""
    return [*_seats(), *_event(), *_contents(), *_shared()]


def tables_of_contents() -> list[Table]:
    """The tables whose rows belong to an event and are shown with it."""
    others = BY_ATTENDEES | FOR_ORGANISERS
    return [t for t in Base.metadata.sorted_tables if "event_id" in t.c and t.name not in others]


def _columns_of_contents() -> list[str]:
    """The columns of an event that something is derived from."""
    return [
        column.name for column in Base.metadata.tables["event"].c if column.name not in OF_WRITING
    ]


def _seats() -> Iterator[Trigger]:
    """Counters by event and mode; a move is a departure and an arrival."""
    counted = f"{{row}}.status IN ({_SEATED}, {_WAITING})"
    numbers = tuple(
        f"CASE WHEN {{row}}.status {operator} {_WAITING} THEN 1 ELSE 0 END"
        for operator in ("<>", "=")
    )
    arrive = (
        "INSERT INTO seat_count (event_id, mode, seated, waiting)"
        f" SELECT NEW.event_id, NEW.mode, {numbers[0]}, {numbers[1]} WHERE {counted}"
        " ON CONFLICT (event_id, mode) DO UPDATE SET"
        " seated = seat_count.seated + excluded.seated,"
        " waiting = seat_count.waiting + excluded.waiting"
    ).format(row="NEW")
    leave = (  # an event that is being deleted has lost its counters
        f"UPDATE seat_count SET seated = seated - {numbers[0]},"  # noqa: S608 - our own names
        f" waiting = waiting - {numbers[1]}"
        f" WHERE event_id = OLD.event_id AND mode = OLD.mode AND {counted}"
    ).format(row="OLD")
    name, table = f"{_PREFIX}seat_count_", "registration"
    changed = " OR ".join(f"OLD.{c} <> NEW.{c}" for c in ("event_id", "status", "mode"))
    update = "UPDATE OF event_id, status, mode"
    yield Trigger(f"{name}insert", table, "INSERT", (arrive,), counted.format(row="NEW"))
    yield Trigger(f"{name}delete", table, "DELETE", (leave,), counted.format(row="OLD"))
    yield Trigger(f"{name}update", table, update, (leave, arrive), changed)


def _event() -> Iterator[Trigger]:
    """A new version for an event that is new or changed."""
    name = f"{_PREFIX}content_event_"
    anew = ("UPDATE event SET content_version = {random} WHERE id = NEW.id",)
    yield Trigger(f"{name}insert", "event", "INSERT", anew)
    columns = ", ".join(f'"{column}"' for column in _columns_of_contents())
    yield Trigger(f"{name}update", "event", f"UPDATE OF {columns}", anew)


def _contents() -> Iterator[Trigger]:
    """A new version for the event whose rows change, or for all events."""
    for table in tables_of_contents():
        for operation, rows in _OPERATIONS.items():
            ids = ", ".join(f"{row}.event_id" for row in rows)
            name = f"{_PREFIX}content_{table.name}_{operation.lower()}"
            own = f"UPDATE event SET content_version = {{random}} WHERE id IN ({ids})"  # noqa: S608
            yield Trigger(name, table.name, operation, (own,))
            if table.c.event_id.nullable:
                of_all = " OR ".join(f"{row}.event_id IS NULL" for row in rows)
                yield Trigger(f"{name}_shared", table.name, operation, (_ALL_ANEW,), of_all)


_ALL_ANEW = (
    "INSERT INTO shared_content (id, version) VALUES (1, {random})"
    " ON CONFLICT (id) DO UPDATE SET version = excluded.version"
)


def _shared() -> Iterator[Trigger]:
    """A new version for all events."""
    for table in SHARED:
        for operation in _OPERATIONS:
            name = f"{_PREFIX}shared_{table}_{operation.lower()}"
            yield Trigger(name, table, operation, (_ALL_ANEW,))


_COUNT = (
    "INSERT INTO seat_count (event_id, mode, seated, waiting)"  # noqa: S608 - our own names
    f" SELECT event_id, mode, count(CASE WHEN status <> {_WAITING} THEN 1 END),"
    f" count(CASE WHEN status = {_WAITING} THEN 1 END)"
    f" FROM registration WHERE status IN ({_SEATED}, {_WAITING}) GROUP BY event_id, mode"
)
_INSTALLED = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
    " WHERE NOT tgisinternal AND tgenabled = 'O' AND relnamespace = current_schema()::regnamespace",
}
_FUNCTIONS = (
    "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
    " AND prorettype = 'trigger'::regtype"
)


def installed_triggers(connection: Connection) -> set[str]:
    """The names of our triggers that the database has and obeys."""
    names = connection.scalars(text(_INSTALLED[connection.dialect.name]))
    return {name for name in names if name.startswith(_PREFIX)}


def drop_triggers(connection: Connection) -> None:
    """Drop our triggers: before tables are rebuilt, which they would hinder, or filled."""
    if connection.dialect.name == "sqlite":
        for name in installed_triggers(connection):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    for name in connection.scalars(text(_FUNCTIONS)).all():
        if name.startswith(_PREFIX):
            connection.exec_driver_sql(f"DROP FUNCTION {name}() CASCADE")


def install_triggers(connection: Connection) -> None:
    """Create the triggers anew, count everything and give all events a new version.

    On PostgreSQL creating a trigger locks its table, so nothing is written until all is counted.
    """
    drop_triggers(connection)
    dialect = connection.dialect.name
    for trigger in all_triggers():
        for statement in trigger.definitions(dialect):
            connection.exec_driver_sql(statement)
    connection.exec_driver_sql("DELETE FROM seat_count")
    connection.exec_driver_sql(_COUNT)
    connection.exec_driver_sql(_ALL_ANEW.format(random=_RANDOM[dialect]))


@event.listens_for(Base.metadata, "after_create")
def _install(_tables: object, connection: Connection, **_options: object) -> None:
    """After `create_all`, which tests use in place of migrations."""
    install_triggers(connection)

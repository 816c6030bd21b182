"""What a transaction has read or locked and need not read or lock again, and has changed."""

from typing import Any, cast

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from ikone_events.store.db import find_session, find_writing

# Keys: of Session.info, and of what is kept there.
_KEPT, _LOCKS = "kept", "locks"


@event.listens_for(Session, "do_orm_execute")
def _keep_changes(running: ORMExecuteState) -> None:
    """Flush changed rows before `populate_existing` overwrites them; there is no autoflush."""
    overwrites = running.execution_options.get("populate_existing")
    if running.is_select and not overwrites:
        overwrites = running.load_options._populate_existing  # noqa: SLF001 - where `get` puts it
    if overwrites:
        kinds = tuple(mapper.class_ for mapper in running.all_mappers)
        if any(isinstance(changed, kinds) for changed in running.session.dirty):
            running.session.flush()


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, _ended: SessionTransaction) -> None:
    """A rollback, also to a savepoint, may have released the locks and undone what was read."""
    session.info.pop(_KEPT, None)
    if (writing := find_writing()) is not None:
        writing.kept.clear()


@event.listens_for(Session, "after_transaction_end")
def _forget_at_end(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        _forget(session, ended)


def kept_in_transaction() -> dict[str, Any]:
    """What holds until the session's transaction ends, of reading or writing; else lost."""
    if (writing := find_writing()) is not None:
        return writing.kept
    session = find_session()
    if session is None or not session.in_transaction():
        return {}
    return cast(dict[str, Any], session.info.setdefault(_KEPT, {}))


def locks_of_transaction() -> dict[str, object]:
    """The events locked by this transaction, by slug; not stored outside a transaction."""
    writing = find_writing()
    locks: dict[str, object] = {} if writing is None else writing.kept.setdefault(_LOCKS, {})
    return locks

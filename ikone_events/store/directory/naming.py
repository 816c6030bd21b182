"""From a typed name to the body that goes by it, and the names that forms offer."""

from weakref import WeakKeyDictionary

from sqlalchemy import Engine, bindparam, func, select, text

from ikone_events.domain.directory.administrations import key_of, pick
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation, OrganisationName

# More bodies than this that share a name are as good as all of them: nobody is meant for sure.
_MOST_NAMESAKES = 20

_BY_KEY = (
    select(Organisation, OrganisationName.source)
    .join(OrganisationName, OrganisationName.organisation_id == Organisation.id)
    .where(OrganisationName.key == bindparam("key"))
    .limit(_MOST_NAMESAKES)
)


def lock_directory() -> None:
    """Be the only one who changes the directory; only inside a transaction, before any event.

    Registrations, which only refer to bodies, go on meanwhile. SQLite has one writer anyway.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("LOCK TABLE organisation IN SHARE ROW EXCLUSIVE MODE"))


def find_by_key(key: str) -> Organisation | None:
    """The one body that goes by a name with this key; None when none does, or more than one."""
    if not key:
        return None
    rows = db.session.execute(_BY_KEY, {"key": key}).all()
    bodies = {body.id: body for body, _source in rows}
    found = pick([(body.id, source) for body, source in rows])
    return None if found is None else bodies[found]


def find_by_name(typed: str) -> Organisation | None:
    """The one body that goes by what somebody typed: one indexed query."""
    return find_by_key(key_of(typed))


def namesakes(key: str) -> list[Organisation]:
    """Every body that goes by a name with this key."""
    rows = db.session.execute(_BY_KEY, {"key": key})
    return list({body.id: body for body, _source in rows}.values())


_VERSION = select(
    func.count(),
    func.max(Organisation.id),
    func.sum(Organisation.edit_version),
    func.max(Organisation.changed_at),
)
_NAMES = select(Organisation.name).order_by(Organisation.name)
_names: WeakKeyDictionary[Engine, tuple[object, list[str]]] = WeakKeyDictionary()


def organisation_names() -> list[str]:
    """The names that forms offer, in order; read again only when the directory has changed."""
    version = db.session.execute(_VERSION).one()
    known = _names.get(db.engine)
    if known is None or known[0] != version:
        known = _names[db.engine] = version, list(db.session.scalars(_NAMES))
    return known[1]

"""Finds bodies by typed names, and lists the names for forms."""

from collections.abc import Collection
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, bindparam, false, func, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute

from ikone_events.domain.directory.administrations import key_of, pick
from ikone_events.domain.folding import search_words
from ikone_events.store.db import db, is_writing
from ikone_events.store.directory.models import Organisation, OrganisationName
from ikone_events.store.events.models import SharedContent
from ikone_events.store.events.snapshots import ContentVersion

# The most bodies read for one key; more than one is ambiguous anyway.
_MOST_NAMESAKES = 20

# Keys whose bodies are remembered; visitors type what they like.
_MOST_KEYS = 5_000
_ids: WeakKeyDictionary[Engine, tuple[int, dict[str, int | None]]] = WeakKeyDictionary()

_BY_KEY = (
    select(Organisation, OrganisationName.source)
    .join(OrganisationName, OrganisationName.organisation_id == Organisation.id)
    .where(OrganisationName.key == bindparam("key"))
    .limit(_MOST_NAMESAKES)
)


def lock_directory() -> None:
    """Lock the directory for this transaction, before locking any event.

    Registrations are not blocked. SQLite has one writer anyway.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("LOCK TABLE organisation IN SHARE ROW EXCLUSIVE MODE"))


def _find_by_key(key: str) -> Organisation | None:
    """The one body with this key; None if there is none or it is ambiguous."""
    if not key:
        return None
    rows = db.session.execute(_BY_KEY, {"key": key}).all()
    bodies = {body.id: body for body, _source in rows}
    found = pick([(body.id, source) for body, source in rows])
    return None if found is None else bodies[found]


def find_by_keys(keys: Collection[str]) -> dict[str, Organisation]:
    """The one body of each key that has one; one query."""
    wanted = (
        select(OrganisationName.key, OrganisationName.source, Organisation)
        .join(Organisation, OrganisationName.organisation_id == Organisation.id)
        .where(OrganisationName.key.in_(keys))
    )
    bodies: dict[int, Organisation] = {}
    found: dict[str, list[tuple[int, str]]] = {}
    for key, source, body in db.session.execute(wanted):
        bodies[body.id] = body
        found.setdefault(key, []).append((body.id, source))
    picked = {key: pick(candidates) for key, candidates in found.items()}
    return {key: bodies[number] for key, number in picked.items() if number is not None}


def find_by_name(typed: str) -> Organisation | None:
    """The one body with a typed name, or None; one indexed query."""
    return _find_by_key(key_of(typed))


def find_id_by_name(typed: str, version: ContentVersion | None) -> int | None:
    """The id of the one body with a typed name; cached as long as the directory is this version.

    The version is that of a snapshot; None asks the database.
    """
    key = key_of(typed)
    if version is None or is_writing():
        return _find_id(key)
    known = _ids.get(db.engine)
    if known is None or known[0] != version.shared or len(known[1]) >= _MOST_KEYS:
        known = _ids[db.engine] = version.shared, {}
    if key not in known[1]:
        known[1][key] = _find_id(key)
    return known[1][key]


def _find_id(key: str) -> int | None:
    found = _find_by_key(key)
    return found.id if found else None


def namesakes(key: str) -> list[Organisation]:
    """All bodies with this key."""
    rows = db.session.execute(_BY_KEY, {"key": key})
    return list({body.id: body for body, _source in rows}.values())


# Umlauts in the keys of names are two letters.
_PAIRS = (("ae", "a"), ("oe", "o"), ("ue", "u"))


def is_called(word: str) -> ColumnElement[bool]:
    """Whether a name of the directory contains a word: "Koeln", "Köln" and "Koln" are one."""
    if not (key := key_of(word)):
        return false()
    short: str = key
    column: Any = OrganisationName.key
    for pair, letter in _PAIRS:
        short, column = short.replace(pair, letter), func.replace(column, pair, letter)
    return or_(
        OrganisationName.key.contains(key, autoescape=True),
        column.contains(short, autoescape=True),
    )


def named_by(
    words: str, key: InstrumentedAttribute[str], body: InstrumentedAttribute[int | None]
) -> list[ColumnElement[bool]]:
    """One condition per word: the search key, or the administration, contains it."""

    def contains(spellings: tuple[str, ...]) -> ColumnElement[bool]:
        texts = (key.contains(word, autoescape=True) for word in spellings)
        called = select(OrganisationName.organisation_id).where(or_(*map(is_called, spellings)))
        return or_(*texts, body.in_(called))

    return [contains(spellings) for spellings in search_words(words)]


_VERSION = select(SharedContent.version)
_NAMES = select(Organisation.name).order_by(Organisation.name_key, Organisation.name)
_names: WeakKeyDictionary[Engine, tuple[object, tuple[str, ...]]] = WeakKeyDictionary()


def is_directory_empty() -> bool:
    """Whether no administration is known."""
    return db.session.scalar(select(Organisation.id).limit(1)) is None


def organisation_names(version: ContentVersion | None = None) -> tuple[str, ...]:
    """The names for forms in order, cached until the directory changes.

    The version of a snapshot says whether it has; without one the database is asked.
    """
    current = db.session.scalar(_VERSION) if version is None else version.shared
    known = _names.get(db.engine)
    if known is None or known[0] != current:
        known = _names[db.engine] = current, tuple(db.session.scalars(_NAMES))
    return known[1]

"""Conditions for what people type into a search box."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

MOST_WORDS = 8


def containing(
    words: str, fields: Iterable[InstrumentedAttribute[str]]
) -> list[ColumnElement[bool]]:
    """One condition a word: it stands in one of the fields, whatever the case."""
    columns = tuple(fields)
    conditions: list[ColumnElement[bool]] = []
    for word in words.split()[:MOST_WORDS]:
        like = f"%{word.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        conditions.append(or_(*(column.ilike(like, escape="!") for column in columns)))
    return conditions

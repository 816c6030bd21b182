"""Pages of long lists, and the conditions of a search in them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from sqlalchemy import CTE, ColumnElement, Select, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from ikone_events.domain.folding import MOST_WORDS
from ikone_events.store.db import db

Item = TypeVar("Item")
Other = TypeVar("Other")
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page of a long list; `number` counts from one."""

    rows: list[Item]
    number: int
    total: int
    size: int

    @property
    def pages(self) -> int:
        """The number of pages, at least one."""
        return max(1, -(-self.total // self.size))

    def with_rows(self, rows: list[Other]) -> "Page[Other]":
        """The same page with other rows."""
        return Page(rows, self.number, self.total, self.size)

    def iter_pages(self) -> Iterator[int | None]:
        """Numbers of the first page, the last and the neighbours; None stands for a gap."""
        shown = {1, self.pages, *range(self.number - 1, self.number + 2)}
        last = 0
        for number in sorted(n for n in shown if 1 <= n <= self.pages):
            if number > last + 1:
                yield None
            yield number
            last = number


def paginate(wanted: Select[Item], *, number: int, size: int = PAGE_SIZE) -> Page[Item]:
    """One page of an ordered query; numbers out of range give the first or the last page."""
    page = paginate_rows(wanted, number=number, size=size)
    return replace(page, rows=[row[0] for row in page.rows])


def paginate_rows(
    wanted: Select[*tuple[Any, ...]], *, number: int, size: int = PAGE_SIZE
) -> Page[Any]:
    """As `paginate`, for a query of several columns."""
    found: Select[Any] = wanted.with_only_columns(literal_column("1"), maintain_column_froms=True)
    counted = select(func.count()).select_from(found.order_by(None).subquery())
    total = db.session.scalar(counted) or 0
    number = max(1, min(number, -(-total // size)))
    rows = db.session.execute(wanted.limit(size).offset((number - 1) * size)).all()
    return Page(list(rows), number, total, size)


def paginate_hits(
    wanted: Select[int], hits: CTE, *, number: int, size: int = PAGE_SIZE
) -> Page[int]:
    """One page of ids in order, for a search that reads a whole table: it is read once.

    `hits` are all that was found; databases keep them, because they are counted and selected.
    """
    number, total = max(1, number), select(func.count()).select_from(hits).scalar_subquery()
    counted = wanted.add_columns(total)
    rows = db.session.execute(counted.limit(size).offset((number - 1) * size)).all()
    if not rows and number > 1:
        return paginate(wanted, number=number, size=size)
    return Page([row[0] for row in rows], number, rows[0][1] if rows else 0, size)


def load_page(page: Page[int], wanted: Select[Any]) -> Page[Any]:
    """The same page with the rows of its ids, which `wanted` selects in any order."""
    found = {row.id: row for row in db.session.scalars(wanted)}
    return page.with_rows([found[number] for number in page.rows if number in found])


def slice_page(items: Sequence[Item], *, number: int, size: int = PAGE_SIZE) -> Page[Item]:
    """One page of a list; numbers out of range give the first or the last page."""
    number = max(1, min(number, -(-len(items) // size)))
    return Page(list(items[(number - 1) * size : number * size]), number, len(items), size)


def containing(
    words: str, fields: Iterable[InstrumentedAttribute[str]]
) -> list[ColumnElement[bool]]:
    """One condition per word: one of the fields contains it, ignoring the case of ASCII letters."""
    columns = tuple(fields)
    return [
        or_(*(column.icontains(word, autoescape=True) for column in columns))
        for word in words.split()[:MOST_WORDS]
    ]

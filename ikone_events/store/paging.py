"""Pages of long lists."""

from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, literal_column, select

from ikone_events.store.db import db

Item = TypeVar("Item")
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
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))


def paginate(wanted: Select[Item], *, number: int, size: int = PAGE_SIZE) -> Page[Item]:
    """One page of what a query finds; any number outside the list gives its first or last page.

    The query must be ordered. It is counted without its columns and its order.
    """
    page = paginate_rows(wanted, number=number, size=size)
    return replace(page, rows=[row[0] for row in page.rows])


def paginate_rows(
    wanted: Select[*tuple[Any, ...]], *, number: int, size: int = PAGE_SIZE
) -> Page[Any]:
    """As `paginate`, for a query of several columns: each row is a tuple of them."""
    found: Select[Any] = wanted.with_only_columns(literal_column("1"), maintain_column_froms=True)
    counted = select(func.count()).select_from(found.order_by(None).subquery())
    total = db.session.scalar(counted) or 0
    number = max(1, min(number, -(-total // size)))
    rows = db.session.execute(wanted.limit(size).offset((number - 1) * size)).all()
    return Page(list(rows), number, total, size)

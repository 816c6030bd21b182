"""Pages of long lists."""

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.store.events.models import Event
from ikone_events.store.paging import paginate
from tests.factories import make_event


@pytest.mark.parametrize(
    ("asked", "number", "rows"),
    [(1, 1, 2), (3, 3, 1), (4, 3, 1), (0, 1, 2), (-(10**30), 1, 2), (10**30, 3, 1)],
)
def test_any_number_gives_a_page_of_the_list(
    app: Flask, asked: int, number: int, rows: int
) -> None:
    for _ in range(5):
        make_event(app)
    with app.app_context():
        page = paginate(select(Event).order_by(Event.id), number=asked, size=2)

    assert (page.number, len(page.rows), page.pages, page.total) == (number, rows, 3, 5)


def test_empty_list_has_one_empty_page(app: Flask) -> None:
    with app.app_context():
        page = paginate(select(Event).order_by(Event.id), number=7)

    assert (page.rows, page.number, page.pages, page.total) == ([], 1, 1, 0)

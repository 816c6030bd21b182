"""The search over people, public bodies, events and mails, within what the account may see."""

from typing import Any

from flask import render_template, request, url_for

from ikone_events.domain.search_query import LONGEST_QUERY, read_query
from ikone_events.store.paging import PAGE_SIZE, Page
from ikone_events.web.organiser.events.search_groups import GROUPS, ResultGroup
from ikone_events.web.organiser.frame import blueprint, page_number, page_url
from ikone_events.web.shell.access import Permission, may, permission
from ikone_events.web.shell.forms import typed_line

# Rows of each group on the page of all groups.
FIRST = 8


@blueprint.get("/search")
@permission(Permission.SEE_EVENTS)
def search() -> str:
    """Show the first results of each group, or with `in` all of one group by pages."""
    query = read_query(typed_line(request.args.get("q")))
    groups = [group for group in GROUPS if may(group.needed)]
    only = next((group for group in groups if group.key == request.args.get("in")), None)
    found: dict[str, Page[Any]] = {}
    if query.words:
        for group in groups:
            number, size = (page_number(), PAGE_SIZE) if group is only else (1, FIRST)
            found[group.key] = group.find(query, number, size)
    shown = [group for group in groups if found.get(group.key) and _shows(found, group, only)]
    return render_template(
        "organiser/events/search.html",
        found_words=query.text,
        query=query,
        longest=LONGEST_QUERY,
        groups=groups,
        only=only,
        found=found,
        shown=[(group, found[group.key], group.facts(found[group.key].rows)) for group in shown],
        group_url=lambda group: url_for("organiser.search", q=query.text, **{"in": group.key}),
        page_url=page_url("organiser.search", q=query.text, **{"in": only.key if only else None}),
    )


def _shows(found: dict[str, Page[Any]], group: ResultGroup, only: ResultGroup | None) -> bool:
    return found[group.key].total > 0 and only in (None, group)

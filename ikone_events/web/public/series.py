"""The page of a series: its dates, and how to be told of new ones."""

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from ikone_events.services.installation import now
from ikone_events.store.events.queries import public_events
from ikone_events.store.events.series import get_series
from ikone_events.store.registering.availability import availabilities_of
from ikone_events.web.public.events import listed
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.addresses import kept_address, subscription
from ikone_events.web.shell.page_cache import revalidated

blueprint = Blueprint("series", __name__)


@blueprint.get("/series/<slug>")
@permission(Permission.PUBLIC)
def show(slug: str) -> ResponseReturnValue:
    """Coming and past events of one series."""
    moment, series = now(), get_series(slug)
    coming, past = public_events(moment, series=series.spellings)
    availabilities = availabilities_of([*coming, *past], moment)
    return revalidated(
        render_template(
            "public/series.html",
            series=series,
            coming=listed(coming, availabilities),
            past=listed(past, availabilities),
            calendar=subscription(url_for("feeds.series_calendar", slug=slug)),
            news=kept_address(url_for("atom.of_series", slug=slug)),
        )
    )

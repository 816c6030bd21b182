"""The check-ins that a helper may open: those of today, and what comes next."""

from flask import render_template

from ikone_events.domain.events.facts import TAKES_PLACE, EventFormat
from ikone_events.services.installation import now
from ikone_events.services.rooms.check_in import no_entry_because
from ikone_events.store.events.queries import events_of
from ikone_events.store.rooms.check_in import count_inside
from ikone_events.web.organiser.frame import blueprint
from ikone_events.web.shell.access import Permission, organiser, permission

_MOST_COMING = 10


@blueprint.get("/entrances")
@permission(Permission.CHECK_IN)
def entrances() -> str:
    """Show the events of today with an entrance, and when the next ones are."""
    moment = now()
    found = [each for each in events_of(organiser()) if each.format != EventFormat.ONLINE.value]
    today = [event for event in found if no_entry_because(event, moment) is None]
    coming = [event for event in found if event.state in TAKES_PLACE and event.starts_at > moment]
    return render_template(
        "organiser/registering/entrances.html",
        today=[(event, *count_inside(event)) for event in today],
        coming=[event for event in coming if event not in today][:_MOST_COMING],
    )

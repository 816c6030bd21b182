"""One search for events, people and administrations, within what the account may see."""

from flask import render_template, request

from ikone_events.domain.folding import search_key, search_words
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import events_of
from ikone_events.store.incoming.registration_search import find_people
from ikone_events.store.registering.administrations import search_administrations
from ikone_events.web.organiser.directory.administrations import kind_label
from ikone_events.web.organiser.frame import blueprint
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.forms import typed_line

MOST = 20


@blueprint.get("/search")
@permission(Permission.SEE_EVENTS)
def search() -> str:
    """Show what a name, an address or a title finds; the latest events first."""
    words = typed_line(request.args.get("q"))[:200]
    wanted = bool(search_words(words))
    people, more = find_people(organiser(), words, MOST) if wanted else ([], False)
    bodies = search_administrations(words, kind="", member_day=None) if wanted else None
    return render_template(
        "organiser/events/search.html",
        found_words=words,
        events=_events(words)[:MOST] if wanted else [],
        people=people,
        more_people=more,
        bodies=[(body, kind_label(body.kind)) for body in bodies.rows[:MOST]] if bodies else [],
        total_bodies=bodies.total if bodies else 0,
    )


def _events(words: str) -> list[Event]:
    """Return the events whose title has all words, the latest first."""
    asked = search_words(words)
    found = []
    for event in reversed(events_of(organiser())):
        key = search_key(event.title, event.title_en or "", event.series or "")
        if all(any(spelling in key for spelling in spellings) for spellings in asked):
            found.append(event)
    return found

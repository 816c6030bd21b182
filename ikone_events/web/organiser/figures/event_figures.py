"""The figures of one event, with the sentence for the press."""

from flask import render_template

from ikone_events.domain.figures.press import press_sentence, why_no_sentence
from ikone_events.services.figures.events import figures_of
from ikone_events.services.installation import now
from ikone_events.store.figures.event_sums import registration_moments
from ikone_events.web.organiser.figures.figure_words import (
    by_time,
    channel_rows,
    kind_rows,
    percent,
)
from ikone_events.web.organiser.frame import blueprint, seen_event
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import page_locale


@blueprint.get("/events/<slug>/figures")
@permission(Permission.SEE_EVENTS)
def event_figures(slug: str) -> str:
    """Show the figures of an event."""
    event = seen_event(slug)
    found = figures_of(event, now=now())
    unit, course = by_time(registration_moments(event.id), event.zone)
    return render_template(
        "organiser/figures/event.html",
        event=event,
        found=found,
        share=percent(found.attendance_share),
        sentence=press_sentence(found, event, page_locale()),
        other_sentence=press_sentence(found, event, "en" if page_locale() == "de" else "de"),
        why=why_no_sentence(found),
        unit=unit,
        course=course,
        people=kind_rows(found.people_attended_by_kind),
        attended=kind_rows(found.administrations_attended_by_kind),
        confirmed=kind_rows(found.administrations_confirmed_by_kind),
        others=kind_rows(found.other_bodies_attended_by_kind),
        channels=channel_rows(found.by_channel),
        rules=found.rules.get(page_locale(), ""),
    )

"""A series: its events with their figures, the next date, and what is set for it."""

from flask import flash, redirect, render_template, url_for
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.events.series import RHYTHM_LABELS, Rhythm
from ikone_events.domain.refusals import N_, Complaint, NotFound, UnfitInput
from ikone_events.services.events.series import LONGEST_TEXT, next_day_of, save_series
from ikone_events.services.figures.events import figures_for
from ikone_events.services.installation import get_installation, now
from ikone_events.services.registering.standing import standing_counts
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import PUBLIC_STATES
from ikone_events.store.events.series import events_of_series, settings_of, spellings_of
from ikone_events.web.organiser.frame import Answer, actor, blueprint, show_complaints
from ikone_events.web.shell.access import Permission, may, organiser, permission
from ikone_events.web.shell.forms import TextField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import TeamForm, keeps_input

_SETTINGS = "/series/<series>/settings"
_LIKE_NO_OTHER = (State.CANCELLED.value,)


class SeriesForm(TeamForm):
    """What is set for a series."""

    text = TextField(_l("Description"), render_kw={"rows": 6, "maxlength": LONGEST_TEXT})
    text_en = TextField(
        _l("Description in English"), render_kw={"rows": 6, "maxlength": LONGEST_TEXT, "lang": "en"}
    )
    rhythm = SelectField(
        _l("Rhythm"),
        choices=[(rhythm.value, _l(label)) for rhythm, label in RHYTHM_LABELS.items()],
        default=Rhythm.MONTHLY.value,
    )
    standing = BooleanField(_l("People may sign up for all dates at once"))


@blueprint.get("/series/<series>")
@permission(Permission.SEE_EVENTS)
def series_page(series: str) -> str:
    """Show the events of a series that the organiser may see, the latest first."""
    events, moment = _seen(series), now()
    like = next((each for each in events if each.state not in _LIKE_NO_OTHER), events[0])
    return render_template(
        "organiser/events/series.html",
        slug=series,
        name=events[0].series,
        events=events,
        figures=figures_for(events, moment),
        like=like,
        next_day=next_day_of(like, moment),
        settings_of_series=settings_of(series),
        rhythms=RHYTHM_LABELS,
        is_public=any(each.state in PUBLIC_STATES for each in events),
        address=get_installation().page(f"/series/{series}"),
        standing=standing_counts(series) if may(Permission.SEE_SUBSCRIBERS) else None,
    )


def _seen(series: str) -> list[Event]:
    """The events of a series among those of the organiser; raises NotFound without any."""
    if found := events_of_series(organiser(), spellings_of(series)):
        return found
    raise NotFound(Complaint(N_("There is no such series.")))


@blueprint.get(_SETTINGS)
@permission(Permission.EDIT_SERIES_TEXTS)
def series_settings(series: str) -> str:
    """Show what is set for a series."""
    return _page(series, SeriesForm(obj=settings_of(series)))


@blueprint.post(_SETTINGS)
@permission(Permission.EDIT_SERIES_TEXTS)
@keeps_input
def save_series_settings(series: str) -> Answer:
    """Save what is set for a series."""
    form = SeriesForm()
    if not form.validate():
        return _page(series, form), 422
    try:
        with transaction():
            save_series(
                series,
                text=form.text.data or "",
                text_en=form.text_en.data or "",
                rhythm=form.rhythm.data,
                standing=form.standing.data,
                actor=actor(),
                now=now(),
            )
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(series, form), 422
    flash(_("The series has been saved."), "success")
    return redirect(url_for("organiser.series_page", series=series), 303)


def _page(series: str, form: SeriesForm) -> str:
    name = _seen(series)[0].series
    return render_template(
        "organiser/events/series_settings.html", slug=series, name=name, form=form
    )

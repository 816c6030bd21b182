"""The figures of a year and of a series: tiles, charts, the sentence, all events."""

from datetime import date

from flask import abort, redirect, render_template, url_for

from ikone_events.domain.figures.event_figures import RULES
from ikone_events.domain.figures.press import why_no_year_sentence
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.domain.words import series_slug
from ikone_events.services.figures.periods import (
    Period,
    last_day,
    period_of,
    periods_by_year,
    year_sentences,
    years_of,
)
from ikone_events.services.installation import get_installation, now
from ikone_events.store.events.queries import events_of
from ikone_events.store.figures.event_sums import count_members
from ikone_events.web.organiser.figures.figure_words import (
    channel_rows,
    kind_rows,
    percent,
    today_in,
)
from ikone_events.web.organiser.frame import Answer, blueprint
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale

# How many years a trend shows.
_TREND = 5
_YEARS = range(1900, 2200)


@blueprint.get("/figures")
@permission(Permission.SEE_EVENTS)
def figures() -> Answer:
    """Lead to the newest year that has begun; without events to the present one."""
    this = _today().year
    years = [year for year in years_of(events_of(organiser())) if year <= this]
    return redirect(url_for("organiser.figures_year", year=max(years, default=this)), 303)


@blueprint.get("/figures/<int:year>")
@permission(Permission.SEE_EVENTS)
def figures_year(year: int) -> str:
    """Show the figures of a year beside those of the years before."""
    if year not in _YEARS:
        abort(404)
    events, moment = events_of(organiser(), with_figures=True), now()
    shown = range(year - _TREND + 1, year + 1)
    periods = periods_by_year(events, shown, moment)
    this, before = periods[year], periods[year - 1]
    of_members = count_members(last_day(year, _today()))
    return render_template(
        "organiser/figures/year.html",
        year=year,
        years=sorted({*years_of(events), year}, reverse=True),
        period=this,
        before=before if before.events else None,
        of_members=of_members,
        quarters=[(_("Quarter %(number)d", number=n), k) for n, k in this.by_quarter.items()],
        sentence=year_sentences(this.whole, year, of_members=of_members)[page_locale()],
        why=why_no_year_sentence(this.whole),
        trend=[(str(each), periods[each]) for each in shown if periods[each].events],
        series=_series_of(this),
        **_shown(this),
    )


@blueprint.get("/figures/series/<series>")
@permission(Permission.SEE_EVENTS)
def figures_series(series: str) -> str:
    """Show the figures of all events of a series."""
    seen = events_of(organiser(), with_figures=True)
    events = [each for each in seen if series_slug(each.series) == series]
    if not events or not series:
        raise NotFound(Complaint(N_("There is no such series.")))
    period = period_of(events, now())
    return render_template(
        "organiser/figures/series.html",
        slug=series,
        name=events[-1].series,
        period=period,
        **_shown(period),
    )


def _today() -> date:
    return today_in(now(), get_installation().settings.timezone)


def _shown(period: Period) -> dict[str, object]:
    """What the pages of a year and of a series have in common."""
    return {
        "kinds": kind_rows(period.whole.administrations_by_kind),
        "channels": channel_rows(period.whole.by_channel),
        "percent": percent,
        "rules": RULES[page_locale()],
    }


def _series_of(period: Period) -> list[tuple[str, str]]:
    """Return slug and name of each series of these events, by name."""
    named = {series_slug(event.series): event.series for event in period.events if event.series}
    return sorted(named.items(), key=lambda item: item[1].casefold())

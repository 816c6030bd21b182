"""The figures of an event or a year for other programs, and the report for the funder."""

import io
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from ikone_events.commands.common import fail, get_event, lines_of, with_tables
from ikone_events.domain.figures.event_figures import COUNTED_KINDS, EventFigures
from ikone_events.domain.figures.press import press_sentence, why_no_sentence
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.times import BERLIN, to_local
from ikone_events.domain.words import LOCALES
from ikone_events.services.documents.pdf import can_make_pdfs
from ikone_events.services.documents.spreadsheets import write_csv
from ikone_events.services.figures.events import figures_of
from ikone_events.services.figures.periods import last_day, periods_by_year, year_sentences
from ikone_events.services.figures.report import make_report
from ikone_events.services.figures.report_tables import REPORT_KINDS, report_file
from ikone_events.services.installation import get_installation, now
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import all_events
from ikone_events.store.figures.event_sums import count_members

# What a table can't hold, or what is about the figures themselves.
_NOT_IN_TABLES = ("version", "rules", "bodies", "press_sentence", "no_press_sentence")
_IN_PARTS = ("_by_kind", "by_channel")


@click.command("figures")
@click.argument("slug", required=False)
@click.option("--year", type=click.IntRange(1900, 2200), help="Default: the present year.")
@click.option("--format", "kind", type=click.Choice(["json", "csv"]), default="json")
@with_appcontext
@with_tables
def figures(slug: str | None, year: int | None, kind: str) -> None:
    """Write the figures of an event, or of a year with all its events."""
    if slug is not None and year is not None:
        raise click.UsageError("Name an event or a year.")
    if slug is not None:
        event = get_event(slug)
        found = _of_event(event, figures_of(event, now=now()))
        click.echo(_table([found]) if kind == "csv" else _json(found), nl=False)
        return
    whole = _of_year(year or to_local(now(), BERLIN).year)
    click.echo(_table(whole["events"]) if kind == "csv" else _json(whole), nl=False)


def _of_event(event: Event, found: EventFigures) -> dict[str, Any]:
    reason = why_no_sentence(found)
    return {
        "slug": event.slug,
        "title": event.title,
        "day": event.day.isoformat(),
        "format": event.format,
        "state": event.state,
        **found.as_dict(),
        "attendance_share": found.attendance_share,
        "press_sentence": {each: press_sentence(found, event, each) for each in LOCALES},
        "no_press_sentence": str(reason) if reason else None,
    }


def _of_year(year: int) -> dict[str, Any]:
    period = periods_by_year(all_events(), [year], now())[year]
    of_members = count_members(last_day(year, to_local(now(), BERLIN).date()))
    whole = period.whole.as_dict()
    return {
        "year": year,
        **{("events_held" if name == "events" else name): whole[name] for name in whole},
        "attendance_share": period.whole.attendance_share,
        "members_of_the_network": of_members,
        "sentence": year_sentences(period.whole, year, of_members=of_members),
        "events": [_of_event(event, period.each[event.id]) for event in period.events],
    }


def _json(found: Mapping[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def _table(rows: Iterable[Mapping[str, Any]]) -> str:
    """One line per event; numbers by kind are columns of the kinds that count."""
    lines = [_flat(row) for row in rows]
    out = io.StringIO()
    write_csv(out, dict.fromkeys(name for line in lines for name in line), lines)
    return out.getvalue()


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat = {
        name: value
        for name, value in row.items()
        if name not in _NOT_IN_TABLES and not name.endswith(_IN_PARTS)
    }
    share = flat["attendance_share"]
    flat["attendance_share"] = None if share is None else f"{share:.4f}"
    for name in ("administrations_confirmed", "administrations_attended"):
        numbers = row[f"{name}_by_kind"]
        for kind in COUNTED_KINDS:
            flat[f"{name}_{kind}"] = None if numbers is None else numbers.get(kind, 0)
    return flat


_DAY = click.DateTime(["%Y-%m-%d", "%d.%m.%Y"])


@click.command("report")
@click.option("--from", "first", type=_DAY, required=True, help="First day, such as 2021-01-01.")
@click.option("--to", "last", type=_DAY, required=True, help="Last day.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file: .xlsx, .ods, .pdf or .json.",
)
@click.option("--series", default="", help="Only the events of this series.")
@click.option("--language", type=click.Choice(LOCALES), default="de")
@with_appcontext
@with_tables
def report(first: datetime, last: datetime, output: Path, series: str, language: str) -> None:
    """Write the report on a period for the funder."""
    kind = output.suffix.lower().removeprefix(".")
    if kind not in REPORT_KINDS:
        fail(f"{output}: the name must end in one of {', '.join(REPORT_KINDS)}.")
    if kind == "pdf" and not can_make_pdfs():
        fail("There is no PDF without typst: pip install 'ikone-events[pdf]'. XLSX and ODS work.")
    events = all_events()
    if series and series not in {event.series for event in events}:
        fail(f"There is no series “{series}”.")
    try:
        made = make_report(
            events, first.date(), last.date(), now=now(), locale=language, series=series
        )
    except UnfitInput as refusal:
        fail(lines_of(refusal))
    zone = get_installation().settings.timezone
    content = report_file(made, kind, locale=language, zone=zone)
    try:
        output.write_bytes(content)
    except OSError as fault:
        fail(f"No report was written: {fault}")
    click.echo(f"{output}: {len(made.whole.events)} events, {made.left_out} left out.")

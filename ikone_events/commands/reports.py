"""The report for the funder from the shell."""

from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from ikone_events.commands.common import fail, lines_of, with_tables
from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.documents.pdf import can_make_pdfs
from ikone_events.services.figures.report import make_report
from ikone_events.services.figures.report_files import REPORT_KINDS, report_file
from ikone_events.services.installation import get_installation, now
from ikone_events.store.events.queries import all_events

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
@click.option("--language", type=click.Choice(["de", "en"]), default="de")
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

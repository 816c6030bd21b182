"""The dossier of an event as one ZIP file, which is read without the program."""

import shutil
import zipfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import IO

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from ikone_events import __version__
from ikone_events.catalogues import catalogue
from ikone_events.domain.calendars.invitation import public_event
from ikone_events.domain.events.facts import FORMAT_LABELS, STATE_LABELS, EventFormat, State
from ikone_events.domain.times import moment_page, span_page
from ikone_events.mail.writing.templates import template_folder
from ikone_events.services.calendars.feeds import entry_of
from ikone_events.services.documents.markdown import to_html
from ikone_events.services.events.dossier import Dossier, DossierFile, read_dossier
from ikone_events.services.followup.materials import path_of
from ikone_events.services.installation import get_identity, get_installation
from ikone_events.store.durable_files import replacing
from ikone_events.store.events.models import Event

_BLOCK = 1 << 20
_PAGES = {"index.html": "dossier/index.html", "README.txt": "dossier/README.txt"}


def write_dossier(event: Event, target: IO[bytes], *, locale: str, now: datetime) -> list[str]:
    """Write the ZIP of an event, block by block; returns titles whose file is missing."""
    dossier = read_dossier(event, locale=locale, now=now)
    missing: list[DossierFile] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in dossier.files:
            path = path_of(file.material)
            if file.name and not _add_file(archive, f"materials/{file.name}", path):
                missing.append(file)
        calendar = public_event(entry_of(event, locale), locale=locale)
        archive.writestr("calendar.ics", calendar)
        values = _values(dossier, missing, locale=locale, now=now)
        environment = _environment(locale)
        for name, template in _PAGES.items():
            archive.writestr(name, environment.get_template(template).render(values))
    return [file.material.title for file in missing]


def save_dossier(event: Event, path: Path, *, locale: str, now: datetime) -> list[str]:
    """Write the ZIP, which has its name once it is whole; see `write_dossier`. Raises OSError."""
    with replacing(path) as file:
        return write_dossier(event, file, locale=locale, now=now)


def _add_file(archive: zipfile.ZipFile, name: str, path: Path) -> bool:
    """Copy a file as it is (most kinds are compressed already); False when there is none."""
    try:
        source = path.open("rb")
    except FileNotFoundError:
        return False
    with source, archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
        shutil.copyfileobj(source, member, _BLOCK)
    return True


def _values(
    dossier: Dossier, missing: list[DossierFile], *, locale: str, now: datetime
) -> dict[str, object]:
    event, zone = dossier.event, dossier.event.zone
    return {
        "event": event,
        "dossier": dossier,
        "missing": missing,
        "locale": locale,
        "program": __version__,
        "identity": get_identity(),
        "made_at": moment_page(now, locale=locale, zone=zone),
        "span": span_page(event.starts_at, event.ends_at, locale=locale, zone=zone),
        "when": lambda moment: moment_page(moment, locale=locale, zone=zone),
        "format_label": FORMAT_LABELS[EventFormat(event.format)],
        "state_label": STATE_LABELS[State(event.state)],
        "archived": event.state == State.ARCHIVED.value,
        "retention_end": moment_page(
            event.ends_at + timedelta(days=event.retention_days), locale=locale, zone=zone
        ),
        "page": get_installation().page(f"/events/{event.slug}"),
    }


@cache
def _environment(locale: str) -> Environment:
    """Templates of the dossier in one language, outside of any page."""
    environment = Environment(
        loader=FileSystemLoader(template_folder()),
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    texts = catalogue(locale)
    environment.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]
    environment.filters["markdown"] = _markdown
    # Names that organisers gave may contain a percent sign, which `_` would read.
    environment.globals["label"] = texts.gettext
    return environment


def _markdown(text: str, *, breaks: bool = False) -> Markup:
    return to_html(text, breaks=breaks)

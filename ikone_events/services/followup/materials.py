"""Slides, links and contacts of an event."""

import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from ikone_events.domain.address import looks_like_address
from ikone_events.domain.events.draft import is_web_address
from ikone_events.domain.followup.uploads import check_upload, display_name
from ikone_events.domain.header_text import header_complaint, normal_line
from ikone_events.domain.refusals import N_, Complaint, FileTooLarge, NotFound, UnfitInput
from ikone_events.services.installation import get_installation, session_now
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import lock_event

# Other files in the folder are not ours.
_OWN_NAME = re.compile("[0-9a-f]{32}")
_LOST_AFTER = timedelta(days=1)
_STORED_NAMES = select(Material.stored_name).where(Material.stored_name != "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it came in the form."""

    file_name: str
    content: bytes


def add_slides(
    slug: str, upload: Upload, *, title: str, visibility: str, accessible: bool, now: datetime
) -> Material:
    """Store a file under a random name and hand it out under its own. Raises UploadRefused."""
    event = lock_event(slug)
    material = store_slides(upload, title=title, now=now)
    material.visibility, material.accessible = visibility, accessible
    return _add(event, material)


def store_slides(upload: Upload, *, title: str, now: datetime) -> Material:
    """Check a file and write it to the uploads folder; the caller adds the row.

    The file is written before its row: a killed process leaves an unreachable file, never a row
    without one. Raises UploadRefused, FileTooLarge and UnfitInput.
    """
    most_mb = get_installation().settings.max_upload_mb
    if len(upload.content) > most_mb * 1024 * 1024:
        raise FileTooLarge(most_mb)
    kind = check_upload(upload.file_name, upload.content)
    stored_name, name = secrets.token_hex(16), display_name(upload.file_name)
    shown = _checked_title(title or name)  # before a file is written that nobody would have
    _write(get_installation().uploads_dir / stored_name, upload.content)
    return Material(
        kind="slides",
        title=shown,
        stored_name=stored_name,
        file_name=name,
        content_type=kind.content_type,
        size=len(upload.content),
        created_at=now,
    )


def add_link(slug: str, *, title: str, url: str, visibility: str, now: datetime) -> Material:
    """Add a link. Raises UnfitInput."""
    if not is_web_address(url):
        text = N_("Please give a complete address, beginning with https://.")
        raise UnfitInput(Complaint(text, about="url"))
    link = Material(kind="link", title=_checked_title(title), url=url, created_at=now)
    link.visibility = visibility
    return _add(lock_event(slug), link)


def add_contact(slug: str, *, title: str, name: str, email: str, now: datetime) -> Material:
    """Add a contact for participants; never public. Raises UnfitInput."""
    if not looks_like_address(email):
        text = N_("Please enter an address like name@example.org.")
        raise UnfitInput(Complaint(text, about="email"))
    event = lock_event(slug)
    return _add(
        event,
        Material(
            kind="contact",
            title=_checked_title(title),
            contact_name=_checked_title(name, about="name"),
            contact_email=email,
            visibility="registered",
            created_at=now,
        ),
    )


def remove_material(slug: str, public_id: str) -> Path | None:
    """Delete a material; returns the file to delete after the commit."""
    event = lock_event(slug)
    material = get_material(event, public_id)
    path = path_of(material) if material.stored_name else None
    db.session.delete(material)
    return path


def get_material(event: Event, public_id: str) -> Material:
    """A material of this event; raises NotFound."""
    found = db.session.scalar(
        select(Material).where(Material.event_id == event.id, Material.public_id == public_id)
    )
    if found is None:
        raise NotFound(Complaint(N_("There is no such file.")))
    return found


def path_of(material: Material) -> Path:
    """The path of the stored file."""
    return (get_installation().uploads_dir / material.stored_name).resolve()


def delete_lost_files() -> None:
    """Delete files of the uploads folder that no material has, after a day.

    They are left by killed processes, and by archived events: what a speaker handed in and nobody
    released is deleted with the names. A file that is being added has no row yet, hence the day.
    """
    folder, names = get_installation().uploads_dir, set(db.session.scalars(_STORED_NAMES))
    before = session_now().timestamp() - _LOST_AFTER.total_seconds()
    for path in folder.iterdir() if folder.is_dir() else ():
        if _OWN_NAME.fullmatch(path.name) and path.name not in names:
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()


def _checked_title(text: str, *, about: str = "title") -> str:
    title = normal_line(" ".join(text.split()))
    if not title:
        raise UnfitInput(Complaint(N_("Please enter a title."), about=about))
    if complaint := header_complaint(title):
        raise UnfitInput(Complaint(complaint.text, complaint.values, about))
    return title


def _add(event: Event, material: Material) -> Material:
    material.event_id = event.id
    db.session.add(material)
    db.session.flush()
    return material


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)

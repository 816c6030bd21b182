"""Contacts of the office, and the settings made in the browser."""

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select

from ikone_events.domain.address import email_key
from ikone_events.domain.identity import MOST_CHARACTERS, identity_complaints
from ikone_events.domain.logos import check_logo
from ikone_events.domain.refusals import UploadRefused
from ikone_events.store.db import db
from ikone_events.store.directory.models import Contact
from ikone_events.store.mails.objections import known_hashes
from ikone_events.store.operating.identity import InstallationSettings


def wrong_hashes(_now: datetime) -> Iterator[str]:
    """The normalised address and the hash of a contact are those of its address."""
    columns = Contact.id, Contact.email, Contact.email_key, Contact.address_hash
    rows = db.session.execute(select(*columns).order_by(Contact.id)).all()
    hashes = known_hashes(email_key(row.email) for row in rows)
    for row in rows:
        key = email_key(row.email)
        if row.email_key != key or row.address_hash != hashes.get(key):
            yield f"contacts: contact {row.id} is not found by its address"


def unfit_settings(_now: datetime) -> Iterator[str]:
    """Every value would be accepted by the form, and the logo is the picture it was."""
    for row in db.session.scalars(select(InstallationSettings)):
        values = {name: getattr(row, name) for name in MOST_CHARACTERS}
        for complaint in identity_complaints(values):
            yield f"settings: {complaint.about} is not fit: {complaint}"
        yield from _logo_faults(row)


def _logo_faults(row: InstallationSettings) -> Iterator[str]:
    if row.logo is None:
        if row.logo_digest:
            yield "settings: the logo is missing"
        return
    if sha256(row.logo).hexdigest() != row.logo_digest:
        yield "settings: the logo is not the picture that was stored"
    try:
        logo = check_logo(row.logo)
    except UploadRefused as refusal:
        yield f"settings: the logo is not fit: {refusal}"
        return
    known = (row.logo_type, row.logo_width, row.logo_height)
    if known != (logo.content_type, logo.width, logo.height):
        yield "settings: kind or size of the logo are not those of its picture"

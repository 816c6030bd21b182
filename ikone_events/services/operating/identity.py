"""Settings that administrators make in the browser: name, colour, address, contact, logo."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select

from ikone_events.domain.identity import MOST_CHARACTERS, identity_complaints
from ikone_events.domain.logos import check_logo
from ikone_events.domain.refusals import N_, Complaint, StaleForm, UnfitInput
from ikone_events.services.installation import get_installation
from ikone_events.store.db import db, for_update
from ikone_events.store.operating.identity import InstallationSettings, forget_stored_identity
from ikone_events.store.plain import insert_unless_known

_ROW = 1
OTHERS_SAVED = Complaint(
    N_(
        "Somebody else has saved these settings meanwhile. Your entries are kept: please compare "
        "them with what is stored, and save again."
    )
)
OTHERS_CHANGED_LOGO = Complaint(
    N_("Somebody else has changed the logo meanwhile. Please look at it, and try again."),
    about="file",
)


def stored_settings() -> InstallationSettings:
    """The settings as they are stored; a new row that is not stored before any were made."""
    found = db.session.get(InstallationSettings, _ROW)
    return found or _empty()


def save_identity(values: Mapping[str, str], *, seen: int) -> None:
    """Store these values by the name of the setting; those that variables set stay as they are.

    `seen` is the version that the form showed. Raises UnfitInput, and StaleForm if others have
    stored something else since.
    """
    variables = get_installation().variables
    wanted = {name: values[name] for name in MOST_CHARACTERS if not variables[name]}
    if complaints := list(identity_complaints(wanted)):
        raise UnfitInput(complaints)
    row = _locked()
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    if changed and row.edit_version != seen:
        raise StaleForm(OTHERS_SAVED)
    for name, value in changed.items():
        setattr(row, name, value)
    row.edit_version += bool(changed)
    _stored()


def set_logo(content: bytes, *, seen: str) -> None:
    """Store a logo. `seen`: the hash of the one that the form showed, or "".

    Raises UploadRefused for what is no fit picture, StaleForm.
    """
    logo = check_logo(content)
    row = _locked_with_logo(seen)
    row.logo, row.logo_type = logo.content, logo.content_type
    row.logo_width, row.logo_height = logo.width, logo.height
    row.logo_digest = sha256(logo.content).hexdigest()
    _stored()


def remove_logo(*, seen: str) -> None:
    """Delete the logo. Raises StaleForm."""
    row = _locked_with_logo(seen)
    row.logo, row.logo_type, row.logo_digest = None, "", ""
    row.logo_width = row.logo_height = 0
    _stored()


def close_setup(*, now: datetime) -> None:
    """Put the list of first steps aside, for all administrators."""
    row = _locked()
    row.setup_closed_at = row.setup_closed_at or now
    _stored()


def _locked_with_logo(seen: str) -> InstallationSettings:
    row = _locked()
    if row.logo_digest != seen:
        raise StaleForm(OTHERS_CHANGED_LOGO)
    return row


def _locked() -> InstallationSettings:
    """The row, made if there is none; other edits wait until the transaction ends."""
    insert_unless_known(_empty(), "id")
    wanted = select(InstallationSettings).where(InstallationSettings.id == _ROW)
    return db.session.scalars(for_update(wanted, InstallationSettings)).one()


def _empty() -> InstallationSettings:
    return InstallationSettings(
        id=_ROW,
        edit_version=0,
        logo_type="",
        logo_digest="",
        logo_width=0,
        logo_height=0,
        **dict.fromkeys(MOST_CHARACTERS, ""),
    )


def _stored() -> None:
    db.session.flush()
    forget_stored_identity()

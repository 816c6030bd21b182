"""What administrators have entered about the installation: one row, which most requests read."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import LargeBinary, Select, String, literal_column, select
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.domain.identity import Logo, StoredIdentity
from ikone_events.store.db import Base, UTCDateTime
from ikone_events.store.kept import kept_in_transaction
from ikone_events.store.plain import read_row

_KEPT = "identity"


class InstallationSettings(Base):
    """The one row of settings made in the browser; no row, or empty values, before any is made.

    `edit_version` rises with each edit. The logo is stored with its type, hash and size in pixels.
    `setup_closed_at`: when an administrator has put the list of first steps aside.
    """

    __tablename__ = "installation_settings"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    organisation: Mapped[str] = mapped_column(String(100), default="", server_default="")
    accent: Mapped[str] = mapped_column(String(7), default="", server_default="")
    address: Mapped[str] = mapped_column(String(200), default="", server_default="")
    privacy_contact: Mapped[str] = mapped_column(String(200), default="", server_default="")
    logo: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    logo_type: Mapped[str] = mapped_column(String(20), default="", server_default="")
    logo_digest: Mapped[str] = mapped_column(String(64), default="", server_default="")
    logo_width: Mapped[int] = mapped_column(default=0, server_default="0")
    logo_height: Mapped[int] = mapped_column(default=0, server_default="0")
    edit_version: Mapped[int] = mapped_column(default=0, server_default="0")
    setup_closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


_COLUMNS = (
    *(InstallationSettings.organisation, InstallationSettings.accent),
    *(InstallationSettings.address, InstallationSettings.privacy_contact),
    *(InstallationSettings.logo_digest, InstallationSettings.logo_width),
    InstallationSettings.logo_height,
)
_FILE = (
    InstallationSettings.logo,
    InstallationSettings.logo_type,
    InstallationSettings.logo_digest,
)


def _select(*columns: Any) -> Select[Any]:
    return select(*columns).where(InstallationSettings.id == literal_column("1"))


_IDENTITY, _LOGO = _select(*_COLUMNS), _select(*_FILE)


def stored_identity() -> StoredIdentity:
    """What has been entered, as it is now; read once per transaction of the session."""
    kept = kept_in_transaction()
    if _KEPT not in kept:
        kept[_KEPT] = _read()
    return cast(StoredIdentity, kept[_KEPT])


def forget_stored_identity() -> None:
    """Read it again in this transaction, which has changed it."""
    kept_in_transaction().pop(_KEPT, None)


def _read() -> StoredIdentity:
    row = read_row(_IDENTITY)
    if row is None:
        return StoredIdentity()
    organisation, accent, address, privacy_contact, digest, width, height = row
    return StoredIdentity(
        organisation=organisation,
        accent=accent,
        address=address,
        privacy_contact=privacy_contact,
        logo=Logo(digest, width, height) if digest else None,
    )


def stored_logo() -> tuple[bytes, str, str] | None:
    """The bytes of the logo, their content type, and their hash."""
    row = read_row(_LOGO)
    return None if row is None or row[0] is None else (bytes(row[0]), row[1], row[2])

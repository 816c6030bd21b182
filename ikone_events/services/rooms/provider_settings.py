"""Where the providers of video rooms are, and the secrets that are shared with them.

Variables win over what administrators have entered in the browser, field by field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import select

from ikone_events.domain.outgoing import service_target
from ikone_events.domain.refusals import N_, Complaint, StaleForm, UnfitInput
from ikone_events.domain.rooms.provider_settings import (
    ADDRESS,
    PROVIDER_FIELDS,
    SECRET,
    name_in_settings,
    provider_complaints,
    secret_complaint,
)
from ikone_events.domain.rooms.providers import ProviderKind
from ikone_events.services.installation import get_installation
from ikone_events.services.rooms.outgoing import resolves_inside
from ikone_events.services.sealing import SealBrokenError, seal, unseal
from ikone_events.store.db import db, for_update
from ikone_events.store.kept import kept_in_transaction
from ikone_events.store.plain import insert_unless_known
from ikone_events.store.rooms.models import StoredProvider

_KEPT = "provider_settings"
OTHERS_SAVED = Complaint(
    N_(
        "Somebody else has saved these settings meanwhile. Please check what is stored now and "
        "save again. If you entered a new secret, enter it again."
    )
)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Empty texts where nothing is set up. The secrets are left out of the representation.

    `unreadable`: kinds whose stored secret was sealed with another key.
    """

    bbb_url: str = ""
    bbb_secret: str = field(default="", repr=False)
    jitsi_url: str = ""
    jitsi_app_id: str = ""
    jitsi_secret: str = field(default="", repr=False)
    unreadable: tuple[ProviderKind, ...] = ()

    def value(self, kind: ProviderKind, name: str) -> str:
        """One field of a kind."""
        return str(getattr(self, name_in_settings(kind, name)))

    def missing(self, kind: ProviderKind) -> list[str]:
        """The fields of a kind without a value."""
        return [name for name in PROVIDER_FIELDS.get(kind, ()) if not self.value(kind, name)]

    def is_begun(self, kind: ProviderKind) -> bool:
        """Whether anything is set up for a kind."""
        return kind in self.unreadable or len(self.missing(kind)) < len(
            PROVIDER_FIELDS.get(kind, ())
        )


def variables_of(kind: ProviderKind) -> dict[str, str]:
    """The fields of a kind that variables set; the others are left out."""
    settings = get_installation().settings
    named = {
        name: getattr(settings, name_in_settings(kind, name)) for name in PROVIDER_FIELDS[kind]
    }
    return {name: value for name, value in named.items() if value}


def provider_settings() -> ProviderSettings:
    """The settings in effect; read and unsealed once per transaction of the session."""
    kept = kept_in_transaction()
    if _KEPT not in kept:
        found = _read()
        kept_in_transaction()[_KEPT] = found  # of the transaction that reading has begun
        return found
    return cast(ProviderSettings, kept[_KEPT])


def _read() -> ProviderSettings:
    found: dict[str, str] = {}
    unreadable = []
    rows = {row.kind: row for row in db.session.execute(select(StoredProvider.__table__))}
    for kind, names in PROVIDER_FIELDS.items():
        values = variables_of(kind)
        if (row := rows.get(kind.value)) is not None:
            try:
                secret = "" if SECRET in values else _secret_in(row.secret, kind)
            except SealBrokenError:
                secret = ""
                unreadable.append(kind)
            values = {**{name: getattr(row, name) for name in names}, SECRET: secret, **values}
        found |= {name_in_settings(kind, name): value for name, value in values.items()}
    return ProviderSettings(**found, unreadable=tuple(unreadable))


def stored_provider(kind: ProviderKind) -> StoredProvider:
    """What has been entered; a new row that is not stored before anything was."""
    return db.session.get(StoredProvider, kind.value) or _empty(kind)


def check_names(kind: ProviderKind, typed: Mapping[str, str]) -> None:
    """Raise UnfitInput if the typed server's name leads into one's own network at the moment.

    Outside of any transaction: it asks the resolver, for seconds if need be.
    """
    try:
        hosts = get_installation().settings.outgoing_hosts
        target = service_target(typed.get(ADDRESS, ""), hosts, ADDRESS)
    except UnfitInput:
        return  # `save_provider` says so
    if ADDRESS not in variables_of(kind) and (inside := resolves_inside(target)):
        raise UnfitInput(Complaint(inside.text, inside.values, ADDRESS))


def save_provider(kind: ProviderKind, typed: Mapping[str, str], *, seen: int) -> list[str]:
    """Store what was typed; an empty secret keeps the stored one. Returns the changed fields.

    What variables set stays as it is. `seen` is the version that the form showed. Raises
    UnfitInput, and StaleForm if others have stored something else since.
    """
    variables = variables_of(kind)
    wanted = {name: typed[name] for name in PROVIDER_FIELDS[kind] if name not in variables}
    hosts = get_installation().settings.outgoing_hosts
    complaints = list(provider_complaints(kind, wanted, hosts=hosts))
    row = _locked(kind)
    if SECRET in wanted and not wanted[SECRET]:
        del wanted[SECRET]
        before = variables.get(ADDRESS, row.url)
        after = variables.get(ADDRESS) or typed.get(ADDRESS, "")
        if not any(complaint.about == ADDRESS for complaint in complaints):
            complaints += _about_kept_secret(kind, row, before, after)
    if complaints:
        raise UnfitInput(complaints)
    changed = [name for name, value in wanted.items() if _in_row(row, kind, name) != value]
    if changed and row.edit_version != seen:
        raise StaleForm(OTHERS_SAVED)
    for name in changed:
        setattr(row, name, seal(wanted[name], kind.value) if name == SECRET else wanted[name])
    row.edit_version += bool(changed)
    db.session.flush()
    kept_in_transaction().pop(_KEPT, None)
    return changed


def remove_provider(kind: ProviderKind, *, seen: int) -> None:
    """Forget what was entered, the secret included; variables stay. Raises StaleForm."""
    row = _locked(kind)
    if row.edit_version != seen:
        raise StaleForm(OTHERS_SAVED)
    row.url = row.app_id = row.secret = ""
    row.edit_version += 1
    db.session.flush()
    kept_in_transaction().pop(_KEPT, None)


def _about_kept_secret(
    kind: ProviderKind, row: StoredProvider, before: str, after: str
) -> list[Complaint]:
    found = secret_complaint(
        has_stored=bool(row.secret),
        is_readable=_in_row(row, kind, SECRET) is not None,
        before=before,
        after=after,
    )
    return [found] if found else []


def _in_row(row: StoredProvider, kind: ProviderKind, name: str) -> str | None:
    """A stored value as it was typed; None for a secret that can't be read."""
    if name != SECRET:
        return str(getattr(row, name))
    try:
        return _secret_in(row.secret, kind)
    except SealBrokenError:
        return None


def _secret_in(sealed: str, kind: ProviderKind) -> str:
    return unseal(sealed, kind.value) if sealed else ""


def _locked(kind: ProviderKind) -> StoredProvider:
    """The row, made if there is none; other edits wait until the transaction ends."""
    insert_unless_known(_empty(kind), "kind")
    wanted = select(StoredProvider).where(StoredProvider.kind == kind.value)
    return db.session.scalars(for_update(wanted, StoredProvider)).one()


def _empty(kind: ProviderKind) -> StoredProvider:
    return StoredProvider(kind=kind.value, url="", app_id="", secret="", edit_version=0)

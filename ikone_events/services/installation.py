"""Settings, links and clock of the installation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from ikone_events.config import Settings
from ikone_events.domain.identity import (
    MOST_CHARACTERS,
    Identity,
    StoredIdentity,
    identity_in_effect,
)
from ikone_events.domain.tokens import LinkClaim, LinkSigner, Purpose
from ikone_events.store.operating.identity import stored_identity
from ikone_events.store.running import running_app

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present moment, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Installation:
    """The installation as its services see it. URLs come from settings, never a request."""

    settings: Settings
    signer: LinkSigner
    clock: Clock
    session_clock: Clock = system_clock

    @property
    def variables(self) -> dict[str, str]:
        """The variables that say how the installation presents itself; empty if not set."""
        return {name: getattr(self.settings, name) for name in MOST_CHARACTERS}

    @property
    def uploads_dir(self) -> Path:
        """The folder of stored slides."""
        return self.settings.uploads_dir

    def page(self, path: str) -> str:
        """The absolute address of a page on this site; `path` begins with a slash."""
        return f"{self.settings.base_url}{path}"

    def personal_page(self, public_id: str, epoch: int, part: str = "") -> str:
        """The absolute address of a person's own page, or of a part of it ("/room")."""
        token = self.signer.sign(Purpose.REGISTRATION, LinkClaim(public_id, epoch))
        return self.page(f"/r/{token}{part}")

    def door(self, public_id: str, epoch: int) -> str:
        """The absolute address of a person's door to the video room, for calendar entries."""
        return self.page(f"/door/{self.signer.sign(Purpose.DOOR, LinkClaim(public_id, epoch))}")

    def check_in(self, public_id: str, epoch: int) -> str:
        """The absolute address of a person's check-in code, for tickets."""
        return self.page(f"/c/{self.signer.sign(Purpose.CHECK_IN, LinkClaim(public_id, epoch))}")

    def speaker_page(self, purpose: Purpose, public_id: str, epoch: int) -> str:
        """The absolute address of a speaker's page, door or upload, by its purpose."""
        token = self.signer.sign(purpose, LinkClaim(public_id, epoch))
        return self.page(f"/{purpose.value.replace('_', '-')}/{token}")


def get_installation() -> Installation:
    """The installation of the running application."""
    return cast(Installation, running_app().extensions["ikone_installation"])


def get_identity() -> Identity:
    """How the installation presents itself now: by variables, else as entered in the browser."""
    return identity_in_effect(get_installation().variables, stored_identity())


def identity_without_database() -> Identity:
    """The same for pages about a database that can't be read."""
    return identity_in_effect(get_installation().variables, StoredIdentity())


def session_now() -> datetime:
    """The moment by which sessions expire: real time, also in a trial."""
    return get_installation().session_clock()


def now() -> datetime:
    """The present moment by the installation's clock; only callers of services use it."""
    return get_installation().clock()

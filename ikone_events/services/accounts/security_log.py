"""The security log: logins, refusals, exports, discarded events, changes of accounts and settings.

JSON lines, written to the logger `ikone_events.security` (OWASP ASVS 16.3). Accounts are named by
their number, never by name or address; persons who register are not named at all. Networks are IPv4
addresses or IPv6 /64. Control characters are escaped, so that no value makes a line of its own.
"""

import json
import logging
from enum import StrEnum

LOGGER = "ikone_events.security"
log = logging.getLogger(LOGGER)


class SecurityEvent(StrEnum):
    """What happened."""

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_CHANGED = "account_changed"
    PASSWORD_RESET_ASKED = "password_reset_asked"  # noqa: S105 - no password
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no password
    SETTINGS_CHANGED = "settings_changed"
    EVENT_DISCARDED = "event_discarded"
    EXPORTED = "exported"
    REFUSED = "refused"


def log_security(
    event: SecurityEvent,
    *,
    account: int | None = None,
    network: str | None = None,
    **details: str | int,
) -> None:
    """Write one line. `account` acts, or is None for a stranger and for the shell."""
    line = {"event": event, "account": account, "network": network, **details}
    log.info(json.dumps(line, ensure_ascii=True))

"""How the installation presents itself, and where each value comes from."""

from collections.abc import Iterator
from datetime import datetime

from ikone_events.domain.identity import MOST_CHARACTERS
from ikone_events.services.installation import get_identity, get_installation
from ikone_events.services.operating.doctor.findings import Finding, ok, warning
from ikone_events.store.operating.identity import stored_identity

# What lacks without these; the others have a default.
_NEEDED = {
    "privacy_contact": "no event can be announced",
    "address": "the imprint has no address",
}


def identity(_now: datetime) -> Iterator[Finding]:
    """Each value with its source: a variable, the settings in the browser, or the default."""
    variables, stored, in_effect = get_installation().variables, stored_identity(), get_identity()
    for name in MOST_CHARACTERS:
        variable, entered = f"IKONE_{name.upper()}", getattr(stored, name)
        value = getattr(in_effect, name)
        if variables[name]:
            ignored = "; what was entered in the browser is ignored" if entered else ""
            yield ok("settings", f"{name}: {value} (from {variable}{ignored})")
        elif entered and value == entered:
            yield ok("settings", f"{name}: {value} (entered in the browser)")
        elif entered:
            yield warning("settings", f"{name}: {entered} is no colour, the standard one is used")
        elif name in _NEEDED:
            words = f"{name} is neither entered in the browser nor set by {variable}"
            yield warning("settings", f"{words}: {_NEEDED[name]}")
        else:
            yield ok("settings", f"{name}: {value or 'the standard one'} (default)")
    source = "uploaded in the browser" if in_effect.logo else "none"
    yield ok("settings", f"logo: {source}")

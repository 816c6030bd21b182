"""What is set up for video rooms. Nobody is called: `ikone-events rooms check` does that."""

from collections.abc import Iterator
from datetime import datetime

from ikone_events.domain.rooms.provider_settings import ADDRESS, PROVIDER_FIELDS, name_in_settings
from ikone_events.domain.rooms.providers import PROVIDER_LABELS
from ikone_events.services.operating.doctor.findings import Finding, fault, ok
from ikone_events.services.rooms.checking import setting_faults
from ikone_events.services.rooms.provider_settings import provider_settings, variables_of


def rooms(_now: datetime) -> Iterator[Finding]:
    """Whether the settings of each provider are whole, and secrets can be read."""
    settings = provider_settings()
    begun = [kind for kind in PROVIDER_FIELDS if settings.is_begun(kind)]
    if not begun:
        yield ok("rooms", "no provider is set up: rooms are links")
    for kind in begun:
        label = PROVIDER_LABELS[kind]
        faults = list(setting_faults(kind, settings))
        for complaint in faults:
            yield fault("rooms", f"{label}: {complaint}")
        if not faults:
            variables = [f"IKONE_{name_in_settings(kind, n)}".upper() for n in variables_of(kind)]
            source = f"from {', '.join(variables)}" if variables else "entered in the browser"
            yield ok("rooms", f"{label}: {settings.value(kind, ADDRESS)} ({source})")

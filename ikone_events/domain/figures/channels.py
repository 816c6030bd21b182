"""The links by which people come to register: ?via=<name>, one of these names and nothing else."""

from collections.abc import Mapping

from ikone_events.domain.refusals import N_

VIA = "via"
LONGEST = 20
# Whoever gets an address from us finds the name in it; other names are ignored, so that nobody can
# be marked by one of their own.
CHANNELS: Mapping[str, str] = {
    "newsletter": N_("Newsletter"),
    "website": N_("Website"),
    "email": N_("E-mail"),
    "linkedin": N_("LinkedIn"),
    "mastodon": N_("Mastodon"),
    "intranet": N_("Intranet"),
    "press": N_("Press"),
    "partner": N_("Partner organisation"),
}


def channel_of(text: str | None) -> str:
    """The name in a link, if it is one of ours; else "", as without any."""
    name = (text or "").strip().lower()
    return name if name in CHANNELS else ""

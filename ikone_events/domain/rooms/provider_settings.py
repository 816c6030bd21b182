"""What is set up for a provider of video rooms, and the rules for typing it."""

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from ikone_events.domain.header_text import text_complaint
from ikone_events.domain.outgoing import service_target
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.rooms.providers import ProviderKind

ADDRESS, APP_ID, SECRET = "url", "app_id", "secret"
# What each kind needs, all of it; a plain link needs nothing.
PROVIDER_FIELDS: Mapping[ProviderKind, tuple[str, ...]] = {
    ProviderKind.BIGBLUEBUTTON: (ADDRESS, SECRET),
    ProviderKind.JITSI: (ADDRESS, APP_ID, SECRET),
}
FIELD_LENGTHS = {ADDRESS: 500, APP_ID: 200, SECRET: 500}
_MISSING = {
    ADDRESS: N_("Please enter the address of the server."),
    APP_ID: N_("Please enter the app id."),
    SECRET: N_("Please enter the secret."),
}
UNREADABLE = N_(
    "The stored secret can’t be read: the secret key of this server has changed since. Please "
    "enter the secret again."
)
_FOR_ANOTHER_HOST = N_(
    "The address leads to another server. Please enter the secret again, so that the stored one "
    "is not sent there by mistake."
)


def name_in_settings(kind: ProviderKind, field: str) -> str:
    """The setting of a field, as in Settings and, with IKONE_ before it, among the variables."""
    return f"{kind.value}_{field}"


def provider_complaints(
    kind: ProviderKind, typed: Mapping[str, str], *, hosts: Collection[str]
) -> Iterator[Complaint]:
    """Why these values can't be stored. `typed` holds the fields that no variable sets.

    Nothing is resolved. An empty secret is kept or missing, see `secret_complaint`.
    """
    for name in PROVIDER_FIELDS[kind]:
        if name not in typed:
            continue
        value = typed[name]
        if not value and name != SECRET:
            yield Complaint(_MISSING[name], about=name)
        elif len(value) > FIELD_LENGTHS[name]:
            text = N_("Please use at most %(most)d characters.")
            yield Complaint(text, {"most": FIELD_LENGTHS[name]}, name)
        elif unfit := text_complaint(value, name):
            yield unfit
        elif name == ADDRESS:
            yield from _address_complaints(value, hosts)


def _address_complaints(address: str, hosts: Collection[str]) -> Iterator[Complaint]:
    try:
        service_target(address, hosts, ADDRESS)
    except UnfitInput as refusal:
        yield from refusal.complaints


def secret_complaint(
    *, has_stored: bool, is_readable: bool, before: str, after: str
) -> Complaint | None:
    """Why the stored secret can't be kept; `before` and `after` are the server's addresses."""
    if not has_stored:
        return Complaint(_MISSING[SECRET], about=SECRET)
    if not is_readable:
        return Complaint(UNREADABLE, about=SECRET)
    if urlsplit(before).netloc != urlsplit(after).netloc:
        return Complaint(_FOR_ANOTHER_HOST, about=SECRET)
    return None

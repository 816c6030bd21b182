"""Addresses that programs keep: absolute, and with the language of their words inside."""

from dataclasses import dataclass

from flask import request

from ikone_events.domain.calendars.feeds import in_language, webcal
from ikone_events.services.installation import get_installation
from ikone_events.web.shell.i18n import page_locale


@dataclass(frozen=True, slots=True)
class Subscription:
    """A calendar by the address that is copied, and by the one that opens a calendar program."""

    address: str
    program: str


def kept_address(path: str) -> str:
    """The absolute address of a feed in the language of this page."""
    return get_installation().page(in_language(path, page_locale()))


def own_address() -> str:
    """The address of the feed that is being made."""
    return kept_address(request.path)


def subscription(path: str) -> Subscription:
    """A calendar of ours to subscribe to, in the language of this page."""
    address = kept_address(path)
    return Subscription(address, webcal(address))

"""The roles of organisers' accounts."""

from collections.abc import Mapping
from enum import StrEnum

from ikone_events.domain.refusals import N_


class AccountRole(StrEnum):
    """What an account may do; web/shell/access.py has the permissions."""

    ADMIN = "admin"
    ORGANISER = "organiser"
    VIEWER = "viewer"
    DOOR = "door"


ROLE_LABELS: Mapping[AccountRole, str] = {
    AccountRole.ADMIN: N_("Administrator"),
    AccountRole.ORGANISER: N_("Organising"),
    AccountRole.VIEWER: N_("Viewing only"),
    AccountRole.DOOR: N_("Door"),
}
ROLE_MEANINGS: Mapping[AccountRole, str] = {
    AccountRole.ADMIN: N_("everything, also e-mail texts and accounts"),
    AccountRole.ORGANISER: N_("events, people and e-mails"),
    AccountRole.VIEWER: N_("reads everything, changes and exports nothing"),
    AccountRole.DOOR: N_("checks people in at the entrance, sees nothing else"),
}

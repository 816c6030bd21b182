"""The mails to the office that an account may choose, and who gets them without a choice."""

from collections.abc import Mapping
from enum import StrEnum

from ikone_events.domain.account_roles import AccountRole
from ikone_events.domain.refusals import N_


class OfficeMail(StrEnum):
    """A mail to the office; the values are the names of fields and of columns."""

    ALARMS = "alarm_mails"
    DIGEST = "digest_mails"
    REGISTRATIONS = "registration_mails"


OFFICE_MAIL_LABELS: Mapping[OfficeMail, str] = {
    OfficeMail.ALARMS: N_("At once, when something is urgent"),
    OfficeMail.DIGEST: N_("To do, on working days at 7:30"),
    OfficeMail.REGISTRATIONS: N_("New registrations, on working days at 7:30"),
}
OFFICE_MAIL_HINTS: Mapping[OfficeMail, str] = {
    OfficeMail.ALARMS: N_(
        "When a step is blocked or e-mails fail and fewer than two working days are left. Sent to "
        "the contact of the event and to administrators."
    ),
    OfficeMail.DIGEST: N_("Your list from “Today”, only when there is something on it."),
    OfficeMail.REGISTRATIONS: N_("Who has registered since the last list, for each event."),
}
# Whoever may settle something. Viewers may export no lists of people, so they get none by mail.
_WORKING = frozenset({AccountRole.ADMIN.value, AccountRole.ORGANISER.value})
_WITHOUT_ASKING = frozenset({OfficeMail.ALARMS, OfficeMail.DIGEST})


def may_get_office_mails(role: str) -> bool:
    """Whether accounts of this role are offered mails to the office."""
    return role in _WORKING


def may_see_events(role: str) -> bool:
    """Whether accounts of this role are offered a calendar of events."""
    return role in _WORKING or role == AccountRole.VIEWER


def wants(which: OfficeMail, role: str, chosen: bool | None) -> bool:
    """Whether an account gets a mail; `chosen` is None while nobody has decided."""
    if not may_get_office_mails(role):
        return False
    return which in _WITHOUT_ASKING if chosen is None else chosen

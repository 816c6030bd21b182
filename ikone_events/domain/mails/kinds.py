"""The kinds of mails with their labels and calendar methods."""

from collections.abc import Mapping
from enum import StrEnum

from ikone_events.domain.refusals import N_


class MailKind(StrEnum):
    """Every kind of mail to registered people, subscribers and organisers."""

    CONFIRMATION = "confirmation"
    WAITLIST = "waitlist"
    PROMOTION = "promotion"
    WITHDRAWAL = "withdrawal"
    ACCESS_LINK = "access_link"
    MOVED = "moved"
    POSTPONED = "postponed"
    CANCELLATION = "cancellation"
    FOLLOW_UP = "follow_up"
    FOLLOW_UP_MISSED = "follow_up_missed"
    FOLLOW_UP_UNKNOWN = "follow_up_unknown"
    FOLLOW_UP_WAITED = "follow_up_waited"
    SUPPLEMENT = "supplement"
    ANSWER = "answer"
    REPEAT = "repeat"
    REMINDER_DAY = "reminder_day"
    REMINDER_HOUR = "reminder_hour"
    FEEDBACK = "feedback"
    NOTE = "note"
    ANNOUNCEMENT = "announcement"
    OPENING = "opening"
    REMINDER_DEADLINE = "reminder_deadline"
    SUBSCRIPTION = "subscription"
    STANDING = "standing"
    CONFIRM_ADDRESS = "confirm_address"
    AWAITING_APPROVAL = "awaiting_approval"
    DECLINED = "declined"
    OFFER = "offer"
    OFFER_LAPSED = "offer_lapsed"
    HANDED_OVER = "handed_over"
    TAKEN_OVER = "taken_over"
    CHANGED = "changed"
    TRIAL_INVITATION = "trial_invitation"
    TRIAL_WITHDRAWAL = "trial_withdrawal"
    NOT_COMING = "not_coming"
    CALENDAR_ADDRESS = "calendar_address"
    ACCOUNT_INVITATION = "account_invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - no password
    MAIL_TEST = "mail_test"
    ADDRESS_WITHDRAWN = "address_withdrawn"
    LINKS_RENEWED = "links_renewed"
    SPEAKER_BRIEFING = "speaker_briefing"
    SPEAKER_UPDATE = "speaker_update"
    SPEAKER_WITHDRAWAL = "speaker_withdrawal"
    MATERIALS_GRANTED = "materials_granted"
    MATERIALS_REFUSED = "materials_refused"
    OFFICE_ALARM = "office_alarm"
    OFFICE_DIGEST = "office_digest"
    OFFICE_REGISTRATIONS = "office_registrations"


# Sent by one mailing; status and attendance decide which one a person gets.
FOLLOW_UPS = (
    *(MailKind.FOLLOW_UP, MailKind.FOLLOW_UP_MISSED, MailKind.FOLLOW_UP_UNKNOWN),
    MailKind.FOLLOW_UP_WAITED,
)
# Sent at a time before the event, with what people know already.
REMINDERS = (MailKind.REMINDER_DAY, MailKind.REMINDER_HOUR)

REQUEST = "REQUEST"
CANCEL = "CANCEL"
# PARTSTAT of somebody who has not answered (RFC 5545 section 3.2.12).
NO_ANSWER = "NEEDS-ACTION"

# Other kinds have no calendar object.
CALENDAR_METHODS: Mapping[MailKind, str] = {
    MailKind.CONFIRMATION: REQUEST,
    MailKind.PROMOTION: REQUEST,
    MailKind.ACCESS_LINK: REQUEST,
    MailKind.MOVED: REQUEST,
    MailKind.WITHDRAWAL: CANCEL,
    MailKind.POSTPONED: CANCEL,
    MailKind.CANCELLATION: CANCEL,
    MailKind.DECLINED: CANCEL,
    MailKind.HANDED_OVER: CANCEL,
    MailKind.TAKEN_OVER: REQUEST,
    MailKind.CHANGED: REQUEST,
    MailKind.TRIAL_INVITATION: REQUEST,
    MailKind.TRIAL_WITHDRAWAL: CANCEL,
    MailKind.ADDRESS_WITHDRAWN: CANCEL,
    MailKind.LINKS_RENEWED: REQUEST,
    MailKind.SPEAKER_BRIEFING: REQUEST,
    MailKind.SPEAKER_UPDATE: REQUEST,
    MailKind.SPEAKER_WITHDRAWAL: CANCEL,
}

LABELS: Mapping[MailKind, str] = {
    MailKind.CONFIRMATION: N_("Confirmation of registration"),
    MailKind.WAITLIST: N_("Waiting list notice"),
    MailKind.PROMOTION: N_("Moved up from the waiting list"),
    MailKind.WITHDRAWAL: N_("Confirmation of withdrawal"),
    MailKind.ACCESS_LINK: N_("Access link"),
    MailKind.MOVED: N_("New date"),
    MailKind.POSTPONED: N_("Postponement"),
    MailKind.CANCELLATION: N_("Cancellation of the event"),
    MailKind.FOLLOW_UP: N_("Follow-up to those who attended"),
    MailKind.FOLLOW_UP_MISSED: N_("Follow-up to those who were absent"),
    MailKind.FOLLOW_UP_UNKNOWN: N_("Follow-up, attendance not known"),
    MailKind.FOLLOW_UP_WAITED: N_("Follow-up to those who got no place"),
    MailKind.SUPPLEMENT: N_("Further materials"),
    MailKind.ANSWER: N_("Answer to a question"),
    MailKind.REPEAT: N_("Answer to a repeated registration"),
    MailKind.REMINDER_DAY: N_("Reminder of the event"),
    MailKind.REMINDER_HOUR: N_("Reminder shortly before the start"),
    MailKind.FEEDBACK: N_("Request for feedback"),
    MailKind.NOTE: N_("Message of the organisers"),
    MailKind.ANNOUNCEMENT: N_("Announcement"),
    MailKind.OPENING: N_("Registration is open"),
    MailKind.REMINDER_DEADLINE: N_("Reminder of the deadline"),
    MailKind.SUBSCRIPTION: N_("Confirmation of a subscription"),
    MailKind.STANDING: N_("Confirmation of a standing sign-up"),
    MailKind.CONFIRM_ADDRESS: N_("Request to confirm the address"),
    MailKind.AWAITING_APPROVAL: N_("Registration to be approved"),
    MailKind.DECLINED: N_("Registration declined"),
    MailKind.OFFER: N_("Offer of a place"),
    MailKind.OFFER_LAPSED: N_("Offer has lapsed"),
    MailKind.HANDED_OVER: N_("Place handed over"),
    MailKind.TAKEN_OVER: N_("Place taken over"),
    MailKind.CHANGED: N_("Registration changed"),
    MailKind.TRIAL_INVITATION: N_("Test invitation"),
    MailKind.TRIAL_WITHDRAWAL: N_("Withdrawal of a test invitation"),
    MailKind.NOT_COMING: N_("Question after a decline in the calendar"),
    MailKind.CALENDAR_ADDRESS: N_("Address of the private calendar"),
    MailKind.ACCOUNT_INVITATION: N_("Invitation to organise events"),
    MailKind.PASSWORD_RESET: N_("Link to set a new password"),
    MailKind.MAIL_TEST: N_("Test e-mail"),
    MailKind.ADDRESS_WITHDRAWN: N_("Notice to a former address"),
    MailKind.LINKS_RENEWED: N_("New personal links"),
    MailKind.SPEAKER_BRIEFING: N_("Briefing of a speaker"),
    MailKind.SPEAKER_UPDATE: N_("Changed date or place, to speakers"),
    MailKind.SPEAKER_WITHDRAWAL: N_("Withdrawn date, to speakers"),
    MailKind.MATERIALS_GRANTED: N_("Requested materials"),
    MailKind.MATERIALS_REFUSED: N_("Request for materials refused"),
    MailKind.OFFICE_ALARM: N_("Urgent, to the office"),
    MailKind.OFFICE_DIGEST: N_("To do, to the office"),
    MailKind.OFFICE_REGISTRATIONS: N_("New registrations, to the office"),
}
# Not to registered people, but to those behind an event.
TO_SPEAKERS = (
    MailKind.SPEAKER_BRIEFING,
    MailKind.SPEAKER_UPDATE,
    MailKind.SPEAKER_WITHDRAWAL,
)
# To people who asked for materials, or to registered ones who asked once more.
ABOUT_REQUESTS = (MailKind.MATERIALS_GRANTED, MailKind.MATERIALS_REFUSED)
# Their text is the key to an account.
WITH_KEY = (MailKind.ACCOUNT_INVITATION, MailKind.PASSWORD_RESET)
# To accounts, by the choice of their owners.
TO_OFFICE = (MailKind.OFFICE_ALARM, MailKind.OFFICE_DIGEST, MailKind.OFFICE_REGISTRATIONS)
TO_ACCOUNTS = (*WITH_KEY, MailKind.MAIL_TEST, *TO_OFFICE)
# Their text is deleted once they are sent: keys to accounts, and lists of people.
DELETED_ONCE_SENT = (*WITH_KEY, MailKind.OFFICE_REGISTRATIONS)


def calendar_method(kind: MailKind) -> str | None:
    """REQUEST, CANCEL, or None without a calendar object."""
    return CALENDAR_METHODS.get(kind)

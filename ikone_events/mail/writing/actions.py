"""Links and their labels: the button of a mail, and addresses in edited texts."""

from ikone_events.domain.mails.facts import MailFacts
from ikone_events.domain.mails.kinds import FOLLOW_UPS, MailKind
from ikone_events.mail.writing.markdown import Piece

# In German and in English.
_LABELS = {
    "accept": ("Platz annehmen", "Accept place"),
    "again": ("Noch einmal anmelden", "Register again"),
    "calendar": ("Im Kalenderprogramm öffnen", "Open in the calendar program"),
    "confirm": ("E-Mail-Adresse bestätigen", "Confirm e-mail address"),
    "details": ("Angaben ansehen oder löschen", "View or delete your details"),
    "event": ("Zur Veranstaltung", "View the event"),
    "feedback": ("Rückmeldung geben", "Give your opinion"),
    "password": ("Passwort festlegen", "Set password"),
    "join": ("Teilnehmen", "Join"),
    "materials": ("Alle Unterlagen", "All materials"),
    "register": ("Jetzt anmelden", "Register now"),
    "request": ("Unterlagen anfordern", "Request materials"),
    "result": ("Ergebnis ansehen", "See the result"),
    "settle": ("Jetzt erledigen", "Settle it now"),
    "speaker": ("Ihre Seite öffnen", "Open your page"),
    "standing": ("Daueranmeldung ansehen", "View your standing sign-up"),
    "stop": ("Abbestellen", "Unsubscribe"),
    "ticket": ("Ticket ansehen", "View ticket"),
    "today": ("„Heute“ öffnen", "Open “Today”"),
    "trial": ("Testeinladung ansehen", "View the test invitation"),
    "upload": ("Folien hochladen", "Upload slides"),
    "view": ("Anmeldung ansehen oder ändern", "View or change registration"),
    "withdraw": ("Platz freigeben", "Give up my place"),
}
# What a placeholder that is alone on its line is called, instead of showing its address.
_OF_PLACEHOLDERS = {
    "zugangslink": "join",
    "bestaetigungslink": "confirm",
    "annahmelink": "accept",
    "absagelink": "withdraw",
    "ticketlink": "ticket",
    "verwaltenlink": "view",
    "unterlagenlink": "materials",
    "anmeldelink": "register",
    "veranstaltungslink": "event",
    "rueckmeldelink": "feedback",
    "mitwirkendenlink": "speaker",
    "hochladelink": "upload",
}
_WITH_MATERIALS = (MailKind.MATERIALS_GRANTED, MailKind.SUPPLEMENT, MailKind.ANSWER)
_OPENS_ROOM = {
    MailKind.CONFIRMATION,
    MailKind.PROMOTION,
    MailKind.ACCESS_LINK,
    MailKind.REMINDER_DAY,
    MailKind.REMINDER_HOUR,
    MailKind.MOVED,
    MailKind.REPEAT,
    MailKind.TAKEN_OVER,
    MailKind.CHANGED,
    MailKind.LINKS_RENEWED,
}


def main_action(facts: MailFacts) -> Piece:
    """The target of the button, and its label if the text has no link to this target."""
    shared = None if facts.kind in _OPENS_ROOM else _of_kind(facts)
    name, href = shared or _of_person(facts)
    return Piece(_label(name, facts.recipient.locale), href)


def label_of(placeholder: str, locale: str) -> str:
    """The label of a link whose target is this placeholder."""
    return _label(_OF_PLACEHOLDERS[placeholder], locale)


def _label(name: str, locale: str) -> str:
    german, english = _LABELS[name]
    return english if locale == "en" else german


def _of_kind(facts: MailFacts) -> tuple[str, str] | None:
    """The action of a kind of mail, if it is the same for all recipients."""
    links, event = facts.links, facts.event
    details = "details", links.manage
    _, _, feed = facts.calendar_address.partition("://")
    after = ("materials", links.materials) if links.materials else details
    on_request = ("request", links.request) if links.request else ("event", event.public_url)
    return {
        MailKind.SUBSCRIPTION: ("stop", links.confirm or links.manage),
        MailKind.STANDING: ("confirm" if links.confirm else "standing", links.manage),
        MailKind.CALENDAR_ADDRESS: ("calendar", f"webcal://{feed}"),
        MailKind.FEEDBACK: ("feedback", links.feedback) if links.feedback else details,
        MailKind.ACCOUNT_INVITATION: ("password", links.confirm or links.manage),
        MailKind.PASSWORD_RESET: ("password", links.confirm or links.manage),
        MailKind.MAIL_TEST: ("result", links.manage),
        MailKind.OFFICE_ALARM: ("settle", _first_entry(facts) or event.public_url),
        MailKind.OFFICE_DIGEST: ("today", event.public_url),
        MailKind.OFFICE_REGISTRATIONS: ("today", event.public_url),
        MailKind.NOT_COMING: ("withdraw", links.withdraw),
        MailKind.TRIAL_INVITATION: ("trial", links.manage),
        MailKind.TRIAL_WITHDRAWAL: ("trial", links.manage),
        MailKind.ADDRESS_WITHDRAWN: ("event", event.public_url),
        MailKind.ANNOUNCEMENT: ("event", event.public_url),
        MailKind.OPENING: ("register", event.register_url),
        MailKind.REMINDER_DEADLINE: ("register", event.register_url),
        MailKind.OFFER_LAPSED: ("again", event.register_url),
        **dict.fromkeys((*FOLLOW_UPS, *_WITH_MATERIALS), after),
        MailKind.FOLLOW_UP_WAITED: after if links.materials else on_request,
        MailKind.WITHDRAWAL: details,
        MailKind.CANCELLATION: details,
        MailKind.DECLINED: details,
        MailKind.HANDED_OVER: details,
        MailKind.SPEAKER_BRIEFING: ("speaker", links.speaker or links.manage),
        MailKind.SPEAKER_UPDATE: ("speaker", links.speaker or links.manage),
        MailKind.SPEAKER_WITHDRAWAL: ("event", event.public_url),
        MailKind.MATERIALS_REFUSED: ("event", event.public_url),
    }.get(facts.kind)


def _first_entry(facts: MailFacts) -> str:
    return facts.entries[0].url if facts.entries else ""


def _of_person(facts: MailFacts) -> tuple[str, str]:
    """The action of this person; accepting a seat and confirming the address come first."""
    kind, links, status = facts.kind, facts.links, facts.status
    if links.accept and (kind is MailKind.OFFER or status == "offered"):
        return "accept", links.accept
    if links.confirm and (status == "pending" or kind is MailKind.CONFIRM_ADDRESS):
        return "confirm", links.confirm
    if kind in _OPENS_ROOM and links.room and status != "waitlisted":
        return "join", links.room
    return "view", links.manage

"""Every mail in both languages says what is true for its reader, and nothing is left unfilled."""

import re
from dataclasses import replace
from datetime import datetime
from itertools import product

import pytest
from icalendar import Calendar

from ikone_events.domain.mails.facts import MailFacts
from ikone_events.domain.mails.kinds import MailKind, calendar_method
from ikone_events.domain.refusals import UnfitInput
from ikone_events.mail.writing.compose import ComposedMail
from tests.mail.writing.mails import BARE, DOOR, EVENT, FACTS, LINKS, SENDER, person, written

EVERY_MAIL = [(kind, locale) for kind in MailKind for locale in ("de", "en")]
FOLLOW_UPS = [MailKind.FOLLOW_UP, MailKind.FOLLOW_UP_MISSED, MailKind.FOLLOW_UP_UNKNOWN]
WITH_ANSWERS = [*FOLLOW_UPS, MailKind.FOLLOW_UP_WAITED, MailKind.ANSWER]

SUBJECTS = {
    ("confirmation", "de"): "Anmeldung bestätigt: Digitale Dörfer, 12.01.2021",
    ("confirmation", "en"): "Registration confirmed: Digitale Dörfer, 12 Jan 2021",
    ("waitlist", "de"): "Warteliste: Digitale Dörfer, 12.01.2021",
    ("waitlist", "en"): "Waiting list: Digitale Dörfer, 12 Jan 2021",
    ("promotion", "de"): "Sie haben einen Platz: Digitale Dörfer, 12.01.2021",
    ("promotion", "en"): "You have a place: Digitale Dörfer, 12 Jan 2021",
    ("withdrawal", "de"): "Abmeldung bestätigt: Digitale Dörfer, 12.01.2021",
    ("withdrawal", "en"): "Cancellation confirmed: Digitale Dörfer, 12 Jan 2021",
    ("access_link", "de"): "Ihr Zugangslink: Digitale Dörfer, 12.01.2021, 10:00 Uhr",
    ("access_link", "en"): "Your access link: Digitale Dörfer, 12 Jan 2021, 10:00",
    ("moved", "de"): "Neuer Termin: Digitale Dörfer, 12.01.2021, 10:00 Uhr",
    ("moved", "en"): "New date: Digitale Dörfer, 12 Jan 2021, 10:00",
    ("postponed", "de"): "Verschoben: Digitale Dörfer, 12.01.2021",
    ("postponed", "en"): "Postponed: Digitale Dörfer, 12 Jan 2021",
    ("cancellation", "de"): "Abgesagt: Digitale Dörfer, 12.01.2021",
    ("cancellation", "en"): "Cancelled: Digitale Dörfer, 12 Jan 2021",
    ("follow_up", "de"): "Unterlagen: Digitale Dörfer",
    ("follow_up", "en"): "Materials: Digitale Dörfer",
    ("follow_up_missed", "de"): "Unterlagen zum Nachlesen: Digitale Dörfer",
    ("follow_up_missed", "en"): "Materials to read later: Digitale Dörfer",
    ("follow_up_unknown", "de"): "Unterlagen: Digitale Dörfer",
    ("follow_up_unknown", "en"): "Materials: Digitale Dörfer",
    ("follow_up_waited", "de"): "Nach der Veranstaltung: Digitale Dörfer",
    ("follow_up_waited", "en"): "After the event: Digitale Dörfer",
    ("supplement", "de"): "Weitere Unterlagen: Digitale Dörfer",
    ("supplement", "en"): "Further materials: Digitale Dörfer",
    ("answer", "de"): "Antwort auf Ihre Frage: Digitale Dörfer",
    ("answer", "en"): "Answer to your question: Digitale Dörfer",
    ("reminder_day", "de"): "Erinnerung: Digitale Dörfer, 12.01.2021, 10:00 Uhr",
    ("reminder_day", "en"): "Reminder: Digitale Dörfer, 12 Jan 2021, 10:00",
    ("reminder_hour", "de"): "Beginn um 10:00 Uhr: Digitale Dörfer",
    ("reminder_hour", "en"): "Starts at 10:00: Digitale Dörfer",
    ("feedback", "de"): "Ihre Rückmeldung: Digitale Dörfer",
    ("feedback", "en"): "Your feedback: Digitale Dörfer",
    ("note", "de"): "Digitale Dörfer, 12.01.2021",
    ("note", "en"): "Digitale Dörfer, 12 Jan 2021",
    ("announcement", "de"): "Neue Veranstaltung: Digitale Dörfer, 12.01.2021",
    ("announcement", "en"): "New event: Digitale Dörfer, 12 Jan 2021",
    ("opening", "de"): "Anmeldung geöffnet: Digitale Dörfer, 12.01.2021",
    ("opening", "en"): "Registration is open: Digitale Dörfer, 12 Jan 2021",
    ("reminder_deadline", "de"): "Anmeldeschluss: Digitale Dörfer, 12.01.2021",
    ("reminder_deadline", "en"): "Registration closes soon: Digitale Dörfer, 12 Jan 2021",
    ("standing", "de"): "Ihre Daueranmeldung besteht bereits: Digitale Dörfer",
    ("standing", "en"): "You already have a standing sign-up: Digitale Dörfer",
    ("subscription", "de"): "Sie sind bereits eingetragen: Digitale Dörfer",
    ("subscription", "en"): "You are subscribed already: Digitale Dörfer",
    ("account_invitation", "de"): "Ihr Zugang zur Veranstaltungsverwaltung: Netzwerk IKONE",
    ("account_invitation", "en"): "Your account for managing events: Netzwerk IKONE",
    ("office_alarm", "de"): "Dringend, Link eintragen: Digitale Dörfer",
    ("office_alarm", "en"): "Urgent, Link eintragen: Digitale Dörfer",
    ("office_digest", "de"): "Zu erledigen am 12.01.2021: 2",
    ("office_digest", "en"): "To do on 12 Jan 2021: 2",
    ("office_registrations", "de"): "Neue Anmeldungen am 12.01.2021: 3",
    ("office_registrations", "en"): "New registrations on 12 Jan 2021: 3",
    ("password_reset", "de"): "Neues Passwort festlegen: Netzwerk IKONE",
    ("password_reset", "en"): "Set a new password: Netzwerk IKONE",
    ("mail_test", "de"): "Test: E-Mails von Netzwerk IKONE kommen an",
    ("mail_test", "en"): "Test: e-mails from Netzwerk IKONE arrive",
    ("confirm_address", "de"): "Bitte bestätigen Sie Ihre E-Mail-Adresse: Digitale Dörfer",
    ("confirm_address", "en"): "Please confirm your e-mail address: Digitale Dörfer",
    ("awaiting_approval", "de"): "Anmeldung eingegangen: Digitale Dörfer, 12.01.2021",
    ("awaiting_approval", "en"): "Registration received: Digitale Dörfer, 12 Jan 2021",
    ("declined", "de"): "Leider keine Zusage: Digitale Dörfer, 12.01.2021",
    ("declined", "en"): "Registration declined: Digitale Dörfer, 12 Jan 2021",
    ("offer", "de"): "Ein Platz ist frei: Digitale Dörfer, 12.01.2021",
    ("offer", "en"): "A place is free: Digitale Dörfer, 12 Jan 2021",
    ("offer_lapsed", "de"): "Frist abgelaufen: Digitale Dörfer, 12.01.2021",
    ("offer_lapsed", "en"): "Offer has lapsed: Digitale Dörfer, 12 Jan 2021",
    ("handed_over", "de"): "Platz übergeben: Digitale Dörfer, 12.01.2021",
    ("handed_over", "en"): "Place handed over: Digitale Dörfer, 12 Jan 2021",
    ("taken_over", "de"): "Vertretung: Digitale Dörfer, 12.01.2021",
    ("taken_over", "en"): "You are the deputy: Digitale Dörfer, 12 Jan 2021",
    ("not_coming", "de"): "Ihre Absage im Kalender: Digitale Dörfer, 12.01.2021",
    ("not_coming", "en"): "Declined in your calendar: Digitale Dörfer, 12 Jan 2021",
    ("changed", "de"): "Ihre Anmeldung ist geändert: Digitale Dörfer, 12.01.2021",
    ("changed", "en"): "Your registration has changed: Digitale Dörfer, 12 Jan 2021",
    ("trial_invitation", "de"): "Digitale Dörfer, 12.01.2021",
    ("trial_invitation", "en"): "Digitale Dörfer, 12 Jan 2021",
    ("trial_withdrawal", "de"): "Entfernt: Digitale Dörfer, 12.01.2021",
    ("trial_withdrawal", "en"): "Removed: Digitale Dörfer, 12 Jan 2021",
    ("calendar_address", "de"): "Ihre Kalenderadresse: Netzwerk IKONE",
    ("calendar_address", "en"): "Your calendar address: Netzwerk IKONE",
    ("address_withdrawn", "de"): "Andere E-Mail-Adresse: Digitale Dörfer, 12.01.2021",
    ("address_withdrawn", "en"): "Another e-mail address: Digitale Dörfer, 12 Jan 2021",
    ("links_renewed", "de"): "Neue Links zu Ihrer Anmeldung: Digitale Dörfer, 12.01.2021",
    ("links_renewed", "en"): "New links to your registration: Digitale Dörfer, 12 Jan 2021",
    ("speaker_briefing", "de"): "Ihre Mitwirkung: Digitale Dörfer, 12.01.2021, 10:00 Uhr",
    ("speaker_briefing", "en"): "Your contribution: Digitale Dörfer, 12 Jan 2021, 10:00",
    ("speaker_update", "de"): "Neuer Termin: Digitale Dörfer, 12.01.2021, 10:00 Uhr",
    ("speaker_update", "en"): "New date: Digitale Dörfer, 12 Jan 2021, 10:00",
    ("speaker_withdrawal", "de"): "Termin zurückgezogen: Digitale Dörfer, 12.01.2021",
    ("speaker_withdrawal", "en"): "Date withdrawn: Digitale Dörfer, 12 Jan 2021",
    ("materials_granted", "de"): "Ihre Unterlagen: Digitale Dörfer",
    ("materials_granted", "en"): "Your materials: Digitale Dörfer",
    ("materials_refused", "de"): "Zu Ihrer Anfrage nach Unterlagen: Digitale Dörfer",
    ("materials_refused", "en"): "Your request for materials: Digitale Dörfer",
    ("repeat", "de"): "Ihre Anmeldung: Digitale Dörfer, 12.01.2021",
    ("repeat", "en"): "Your registration: Digitale Dörfer, 12 Jan 2021",
}

SENTENCES = {
    ("confirmation", "de"): "Sie sind angemeldet:",
    ("confirmation", "en"): "You are registered for:",
    ("waitlist", "de"): "Sie stehen auf der Warteliste:",
    ("waitlist", "en"): "You are on the waiting list for:",
    ("promotion", "de"): "ein Platz ist frei geworden.",
    ("promotion", "en"): "A place has become available.",
    ("withdrawal", "de"): "Ihre Angaben löschen wir am 12. Februar 2021.",
    ("withdrawal", "en"): "We will delete your details on 12 February 2021.",
    ("access_link", "de"): "Der Raum ist ab 9:45 Uhr geöffnet. Sie brauchen kein Programm",
    ("access_link", "en"): "The room opens at 9:45. You do not need to install anything",
    ("moved", "de"): "Bisher: Dienstag, 5. Januar 2021, 10:00 bis 12:00 Uhr\nNeu: Dienstag, 12.",
    ("moved", "en"): "Before: Tuesday, 5 January 2021, 10:00 to 12:00 (German time)\nNow: ",
    ("postponed", "de"): "Der neue Termin steht noch nicht fest.",
    ("postponed", "en"): "There is no new date yet.",
    ("cancellation", "de"): "wir müssen diese Veranstaltung leider absagen:",
    ("cancellation", "en"): "Unfortunately we have to cancel this event:",
    ("follow_up", "de"): "vielen Dank für Ihre Teilnahme an „Digitale Dörfer“ am 12. Januar 2021.",
    ("follow_up", "en"): "Thank you for taking part in “Digitale Dörfer” on 12 January 2021.",
    ("follow_up_missed", "de"): "angemeldet, konnten aber nicht teilnehmen.",
    ("follow_up_missed", "en"): "but could not attend.",
    ("follow_up_unknown", "de"): "am 12. Januar 2021 fand „Digitale Dörfer“ statt.",
    ("follow_up_unknown", "en"): "“Digitale Dörfer” took place on 12 January 2021.",
    ("follow_up_waited", "de"): "Sie standen auf der Warteliste.",
    ("follow_up_waited", "en"): "You were on the waiting list.",
    ("supplement", "de"): "sind weitere Unterlagen dazugekommen.",
    ("supplement", "en"): "have been added.",
    ("answer", "de"): "haben Sie uns etwas gefragt.",
    ("answer", "en"): "You asked us something about",
    ("reminder_day", "de"): "wir erinnern Sie an Ihre Veranstaltung:",
    ("reminder_day", "en"): "We would like to remind you of your event:",
    ("reminder_hour", "de"): "in Kürze beginnt:",
    ("reminder_hour", "en"): "This event starts soon:",
    ("feedback", "de"): "Was können wir besser machen?\n\nBitte antworten Sie einfach auf diese",
    ("feedback", "en"): "What can we do better?\n\nPlease simply answer this e-mail.",
    ("note", "de"): "Dienstag, 12. Januar 2021, 10:00 bis 12:00 Uhr",
    ("note", "en"): "Tuesday, 12 January 2021, 10:00 to 12:00 (German time)",
    ("announcement", "de"): "Alle Angaben und die Anmeldung: https://x.example/events/d\n",
    ("announcement", "en"): "Details and registration: https://x.example/events/d\n",
    ("opening", "de"): "Jetzt anmelden: https://x.example/events/d/register\n",
    ("opening", "en"): "Register now: https://x.example/events/d/register\n",
    ("reminder_deadline", "de"): "Jetzt anmelden: https://x.example/events/d/register\n",
    ("reminder_deadline", "en"): "Register now: https://x.example/events/d/register\n",
    ("standing", "de"): "Sie sind bereits für alle Termine der Reihe „Digitale Dörfer“ angemeldet.",
    ("standing", "en"): "You are already registered for all dates of the series “Digitale Dörfer”.",
    ("subscription", "de"): "Ankündigungen von Netzwerk IKONE bereits abonniert.",
    ("subscription", "en"): "already subscribed to the announcements of Netzwerk IKONE.",
    ("confirm_address", "de"): "mit dieser E-Mail-Adresse wurde jemand zu dieser Veranstaltung",
    ("confirm_address", "en"): "Somebody was registered with this e-mail address",
    ("awaiting_approval", "de"): "Ihr Platz ist so lange für Sie vorgemerkt.",
    ("awaiting_approval", "en"): "We hold a place for you in the meantime",
    ("declined", "de"): "leider keinen Platz geben:",
    ("declined", "en"): "Unfortunately we cannot give you a place at this event:",
    ("offer", "de"): "ein Platz ist frei geworden. Wir bieten ihn Ihnen an:",
    ("offer", "en"): "A place has become available. We offer it to you:",
    ("speaker_briefing", "de"): "– Was kostet das? (Stadt Kusel)",
    ("speaker_briefing", "en"): "Please be there at 9:45.",
    ("speaker_update", "de"): "Bitte seien Sie um 9:45 Uhr da.",
    (
        "speaker_update",
        "en",
    ): "Before: Tuesday, 5 January 2021, 10:00 to 12:00 (German time)\nNow: ",
    ("speaker_withdrawal", "de"): "diese E-Mail-Adresse ist für diese Veranstaltung nicht mehr",
    ("speaker_withdrawal", "en"): "This e-mail address is no longer entered for this event:",
    ("materials_granted", "de"): "Hier ist noch einmal Ihr persönlicher Link.",
    ("materials_granted", "en"): "You were registered: here is your personal link once more.",
    ("materials_refused", "de"): "Leider können wir sie Ihnen nicht zur Verfügung stellen.",
    ("materials_refused", "en"): "Unfortunately we cannot make them available to you.",
    ("offer_lapsed", "de"): "Noch einmal anmelden: https://x.example/events/d/register\n",
    ("offer_lapsed", "en"): "Register again: https://x.example/events/d/register\n",
    ("handed_over", "de"): "Ihre Anmeldung zu dieser Veranstaltung ist übergeben:",
    ("handed_over", "en"): "Your registration for this event has been handed over:",
    ("taken_over", "de"): "Sie sind als Vertretung zu dieser Veranstaltung angemeldet:",
    ("taken_over", "en"): "You are registered as a deputy for this event:",
    ("changed", "de"): "So nehmen Sie jetzt teil: online.",
    ("changed", "en"): "This is how you now take part: online.",
    ("not_coming", "de"): "Wir haben nichts geändert: Ihr Platz bleibt für Sie reserviert.",
    ("not_coming", "en"): "We have changed nothing: your place is still yours.",
    ("trial_invitation", "de"): "dies ist eine Testeinladung.",
    ("trial_invitation", "en"): "This is a test invitation.",
    ("trial_withdrawal", "de"): "Ihre Testeinladung ist zurückgenommen:",
    ("trial_withdrawal", "en"): "Your test invitation has been taken back:",
    ("account_invitation", "de"): "Bo Bei hat für Sie einen Zugang zur Veranstaltungsverwaltung",
    ("account_invitation", "en"): "Bo Bei has created an account for you",
    ("office_alarm", "de"): "\nLink eintragen: https://x.example/organise/events/d/to-do/link_",
    ("office_alarm", "en"): "not get another e-mail about this until it has been settled.",
    ("office_digest", "de"): "– Dringend: Der Zugangslink fehlt. Link eintragen: https://x.exam",
    ("office_digest", "en"): "- Es warten zwei. Ansehen: https://x.example/organise/\n",
    ("office_registrations", "de"): "– Bo Bei, Stadt Kusel\n– Kai www.evil.example Kollege",
    ("office_registrations", "en"): "\n\nMore: 1\nAll attendees: https://x.example/organise/events",
    ("password_reset", "de"): "Der Link gilt einmal und bis Freitag, 8. Januar 2021, 15:00 Uhr.",
    ("password_reset", "en"): "The link works once, until Friday, 8 January 2021, 15:00",
    ("mail_test", "de"): "Wenn Sie sie lesen, werden E-Mails gesendet und kommen an.",
    ("mail_test", "en"): "If you can read it, e-mails are sent and arrive.",
    ("calendar_address", "de"): "\n\nhttps://x.example/feeds/t.ics\n\n",
    ("calendar_address", "en"): "\n\nhttps://x.example/feeds/t.ics\n\n",
    ("address_withdrawn", "de"): "An diese Adresse senden wir dazu nichts mehr.",
    ("address_withdrawn", "en"): "We send nothing more about it to this address.",
    ("links_renewed", "de"): "Links aus früheren E-Mails und Kalendereinträgen gelten nicht mehr.",
    ("links_renewed", "en"): "Links in earlier e-mails and calendar entries do not work any more.",
    ("repeat", "de"): "Sie sind bereits angemeldet:",
    ("repeat", "en"): "You are already registered for:",
}


def mail(kind: MailKind, locale: str = "de", **changes: object) -> ComposedMail:
    changes.setdefault("links", DOOR if kind == MailKind.ACCESS_LINK else LINKS)
    return written(kind, locale, **changes)  # type: ignore[arg-type]


def test_mail_contains_its_key_sentence() -> None:
    made = {key: mail(*key) for key in EVERY_MAIL}
    assert {key: each.subject for key, each in made.items()} == SUBJECTS
    assert [key for key, each in made.items() if SENTENCES[key] not in each.text] == []


@pytest.mark.parametrize("facts", [FACTS, BARE, replace(BARE, status="waitlisted")])
def test_mail_leaves_nothing_unfilled(facts: MailFacts) -> None:
    bare = replace(EVENT, contact_name="", contact_phone="", dial_in="", room_opens_at=None)
    for (kind, locale), event in product(EVERY_MAIL, (EVENT, bare)):
        made, which = mail(kind, locale, event=event, facts=facts), (kind, locale)
        for text in (made.subject, made.text, made.html):
            assert not re.search(r"\{[{%#]|[%#}]\}|None|Undefined", text), which
        assert "\n\n\n" not in made.text, which
        assert not re.search(r"[ \t]\n|\u00a0|: \n|am \.", made.text), which
        assert "\n" not in made.subject, which


# They may be read by somebody else, or by somebody who has no page any more.
WITHOUT_PAGE = (MailKind.ADDRESS_WITHDRAWN, MailKind.SPEAKER_WITHDRAWAL)


@pytest.mark.parametrize("locale", ["de", "en"])
def test_mail_greets_signs_and_links_home(locale: str) -> None:
    greeting = "Sehr geehrte Frau Dr. Beispiel,\n\n" if locale == "de" else "Dear Dr. Beispiel,\n\n"
    regards = "Freundliche Grüße" if locale == "de" else "Kind regards"
    for kind in MailKind:
        text = mail(kind, locale).text
        assert text.startswith(greeting), kind
        assert f"\n\n{regards}\nDr. Ada Muster\nNetzwerk IKONE\n\n" in text, kind
        assert text.count(LINKS.privacy) == 1, kind
        assert (LINKS.manage in text) == (kind not in WITHOUT_PAGE), kind
        assert "fragen@ikone.example.org" in text, kind


def test_button_of_an_alarm_settles_its_first_cause() -> None:
    page = mail(MailKind.OFFICE_ALARM).html
    button = page.partition('class="button"')[0].rpartition("<a ")[2]
    assert "https://x.example/organise/events/d/to-do/link_missing" in button
    assert ">Link eintragen</a>" in page


def test_names_of_strangers_become_no_links_in_a_list() -> None:
    people = ("Eva https://evil.example/", "eva@evil.example")
    lists = (replace(FACTS.new_people[0], people=people),)
    page = mail(MailKind.OFFICE_REGISTRATIONS, facts=replace(FACTS, new_people=lists)).html
    assert ">Eva https://evil.example/<" in page
    assert not re.search('href="[^"]*evil', page)


def test_calendar_follows_the_kind() -> None:
    for kind, locale in EVERY_MAIL:
        made = mail(kind, locale)
        assert made.method == calendar_method(kind)
        assert (made.calendar is None) == (made.method is None), kind
        if made.calendar is not None:
            assert Calendar.from_ical(made.calendar)["METHOD"] == made.method


OF_CALENDARS = (
    *(MailKind.NOT_COMING, MailKind.CALENDAR_ADDRESS),
    *(MailKind.ADDRESS_WITHDRAWN, MailKind.LINKS_RENEWED),
)


def test_mail_without_invitation_speaks_of_no_calendar() -> None:
    for kind, locale in EVERY_MAIL:
        if kind not in OF_CALENDARS:
            made = mail(kind, locale, invitation=None)
            assert (made.calendar, made.method) == (None, None), kind
            assert not re.search("alender|Datei|calendar|attached", made.text), (kind, locale)


def test_online_confirmation_names_the_day_of_the_link() -> None:
    text = mail(MailKind.CONFIRMATION).text
    assert "Den Zugangslink erhalten Sie am 10. Januar 2021 per E-Mail." in text
    later = mail(MailKind.CONFIRMATION, facts=BARE).text
    assert "Den Zugangslink erhalten Sie vor Beginn per E-Mail." in later


def test_on_site_confirmation_names_the_place_and_no_link() -> None:
    event = replace(EVENT, format="on_site", place="Rathaus, Saal 1")
    text = mail(MailKind.CONFIRMATION, event=event).text
    assert "\nRathaus, Saal 1\n" in text
    assert "Zugangslink" not in text


def test_hybrid_mail_names_both_ways() -> None:
    event = replace(EVENT, format="hybrid", place="Rathaus")
    assert "\nRathaus und online\n" in mail(MailKind.CONFIRMATION, event=event).text
    assert "\nRathaus and online\n" in mail(MailKind.CONFIRMATION, "en", event=event).text


@pytest.mark.parametrize("kind", [MailKind.CONFIRMATION, MailKind.PROMOTION, MailKind.REPEAT])
def test_latecomer_gets_the_door_at_once(kind: MailKind) -> None:
    text = mail(kind, links=DOOR).text
    assert f"Teilnehmen: {DOOR.room}" in text
    assert "Den Zugangslink erhalten" not in text


def test_mail_states_to_waiting_people_that_they_wait() -> None:
    waiting = replace(FACTS, status="waitlisted")
    for kind in (MailKind.MOVED, MailKind.POSTPONED):
        text = mail(kind, facts=waiting, invitation=None).text
        assert "Sie bleiben auf der Warteliste." in text
        assert "Ihre Anmeldung gilt weiter" not in text
    repeat = mail(MailKind.REPEAT, facts=waiting, invitation=None).text
    assert "Sie stehen bereits auf der Warteliste:" in repeat
    assert "Sie sind bereits angemeldet" not in repeat


def test_moved_place_without_a_new_date_is_a_change() -> None:
    made = mail(MailKind.MOVED, facts=BARE)
    assert made.subject == "Geändert: Digitale Dörfer, 12.01.2021"
    assert "die Angaben zu dieser Veranstaltung haben sich geändert:" in made.text
    assert "Termin statt" not in made.text


@pytest.mark.parametrize("kind", [MailKind.MOVED, MailKind.POSTPONED, MailKind.CANCELLATION])
def test_mail_contains_the_reason(kind: MailKind) -> None:
    assert "\n\nDie Referentin ist erkrankt.\n\n" in mail(kind).text


@pytest.mark.parametrize("kind", FOLLOW_UPS)
def test_follow_up_hands_out_materials_contacts_and_the_end_of_access(kind: MailKind) -> None:
    links = replace(LINKS, materials="https://x.example/r/t/materials")
    text = mail(kind, links=links).text
    assert "– Folien: Teil 1. Anfang: https://x.example/m/1\n" in text
    assert "Alle Unterlagen: https://x.example/r/t/materials\n" in text
    assert "– DorfFunk: Bo Bei, bo@example.org\n" in text
    assert "bis 12. April 2021 abrufbar" in text


@pytest.mark.parametrize("kind", FOLLOW_UPS)
def test_follow_up_without_materials_promises_none(kind: MailKind) -> None:
    facts = replace(FACTS, materials=())
    text = mail(kind, facts=facts).text
    assert not re.search("Unterlagen|abrufbar", text)
    assert "bo@example.org" in text


@pytest.mark.parametrize("kind", WITH_ANSWERS)
def test_mail_after_the_event_returns_to_the_questions_of_those_who_asked(kind: MailKind) -> None:
    text = mail(kind).text
    assert "„Geht das auch offline?“\n\nUnsere Antwort:\n\nJa.\nMit Zettel." in text
    assert "„Und www.evil.example?“\n\nIst Ihre Frage noch offen?" in text
    assert "geändert:\n\n„Wie teuer?“\n\nUnsere Antwort:\n\nZehn Euro." in text
    assert 'evil.example"' not in mail(kind).html
    nothing_asked = mail(kind, facts=replace(FACTS, questions=())).text
    assert not re.search("Unsere Antwort|Frage noch offen", nothing_asked)


def test_neutral_follow_up_claims_nothing_about_attendance() -> None:
    for locale in ("de", "en"):
        text = mail(MailKind.FOLLOW_UP_UNKNOWN, locale).text
        assert not re.search("Teilnahme|konnten|taking part|could not", text)


@pytest.mark.parametrize(
    "title",
    ["=?utf-8?q?Hi=0D=0ABcc:_x@y?=", "Titel\r\nBcc: x@y", "Titel\u2028neu", "x" * 201],
)
def test_title_that_could_become_a_header_is_refused(title: str) -> None:
    with pytest.raises(UnfitInput) as refused:
        mail(MailKind.CONFIRMATION, event=replace(EVENT, title=title))
    assert refused.value.complaints[0].about == "title"


def test_name_and_sender_are_refused_together() -> None:
    with pytest.raises(UnfitInput) as refused:
        mail(
            MailKind.CONFIRMATION,
            recipient=person(last_name="=?utf-8?q?x?="),
            sender=replace(SENDER, name="a\nb"),
        )
    assert [complaint.about for complaint in refused.value.complaints] == ["last_name", "sender"]


@pytest.mark.parametrize("email", ["a@b\r\nBcc: x@y", "a b@c.de", "anna"])
def test_unfit_address_is_refused(email: str) -> None:
    with pytest.raises(UnfitInput):
        mail(MailKind.WAITLIST, recipient=person(email=email))


def test_longest_title_leaves_room_for_the_rest_of_the_subject() -> None:
    subject = mail(MailKind.ACCESS_LINK, event=replace(EVENT, title="Wort " * 39)).subject
    assert len(subject) <= 200
    assert subject.endswith("…, 12.01.2021, 10:00 Uhr")


def test_text_in_braces_is_text() -> None:
    event = replace(EVENT, title="{{ links.manage }} {% raw %}")
    assert "{{ links.manage }} {% raw %}" in mail(MailKind.WAITLIST, event=event).text


def test_control_characters_of_long_texts_do_not_reach_the_mailbox() -> None:
    made = mail(MailKind.CANCELLATION, facts=replace(FACTS, reason="krank\x00\x1b[31m\ud800"))
    assert "krank[31m\n" in made.text
    made.text.encode()
    made.html.encode()


def test_two_days_are_both_named() -> None:
    event = replace(EVENT, ends_at=datetime.fromisoformat("2021-01-13T15:00:00+00:00"))
    text = mail(MailKind.CONFIRMATION, event=event).text
    assert "10:00 Uhr bis Mittwoch, 13. Januar 2021, 16:00 Uhr\n" in text

"""The mails on the way to a seat and off it: each asks for one thing, and says what is true."""

from dataclasses import replace

import pytest
import vobject
from icalendar import Calendar

from ikone_events.domain.mails.edited_text import EditedText, check_text
from ikone_events.domain.mails.facts import EventSummary, Links, MailFacts
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import UnfitInput
from ikone_events.mail.writing.compose import ComposedMail
from tests.mail.writing.mails import (
    ACCEPT,
    CONFIRM,
    DOOR,
    EVENT,
    FACTS,
    INVITATION,
    LINKS,
    written,
)
from tests.mail.writing.test_html import BUTTON

ON_SITE = replace(EVENT, format="on_site", place="Rathaus, Saal 1", dial_in="")
PENDING = replace(FACTS, status="pending")
OFFERED = replace(FACTS, status="offered")
WAITING = replace(FACTS, status="waitlisted")
UNTIL = {"de": "Freitag, 8. Januar 2021, 15:00 Uhr", "en": "Friday, 8 January 2021, 15:00"}


def mail(
    kind: MailKind,
    locale: str = "de",
    *,
    facts: MailFacts = FACTS,
    links: Links = LINKS,
    event: EventSummary = EVENT,
    invited: bool = False,
    edited: EditedText | None = None,
) -> ComposedMail:
    return written(
        kind,
        locale,
        facts=facts,
        links=links,
        event=event,
        invitation=INVITATION if invited else None,
        edited=edited,
    )


def button(made: ComposedMail) -> str:
    """The address of the one button of a mail."""
    [(address, _words)] = BUTTON.findall(made.html)
    return str(address)


@pytest.mark.parametrize("locale", ["de", "en"])
def test_address_is_confirmed_by_the_button_until_the_time_named(locale: str) -> None:
    made = mail(MailKind.CONFIRM_ADDRESS, locale, facts=PENDING, links=CONFIRM)
    assert CONFIRM.confirm == button(made)
    assert UNTIL[locale] in made.text
    assert "Kai Kollege" in made.text
    nothing = {"de": "Dann brauchen Sie nichts zu tun.", "en": "you do not need to do anything."}
    assert nothing[locale] in made.text


@pytest.mark.parametrize("locale", ["de", "en"])
def test_offer_is_accepted_by_the_button_or_goes_on(locale: str) -> None:
    made = mail(MailKind.OFFER, locale, facts=OFFERED, links=ACCEPT)
    assert ACCEPT.accept == button(made)
    assert UNTIL[locale] in made.text
    words = {"de": "Sonst geht er an die nächste Person", "en": "Otherwise it goes to the next"}
    assert words[locale] in made.text
    assert LINKS.manage in made.text


def test_waiting_people_are_not_asked_to_confirm() -> None:
    """They are once a place is reserved for them; earlier texts offered it at once."""
    assert "bestätigen" not in mail(MailKind.WAITLIST, facts=WAITING).text
    words = "Warten.\n\n{{bestaetigung}}\n\n[Bestätigen]({{bestaetigungslink}})\n\nBis bald."
    old = EditedText("Warteliste", words)
    assert "Warten.\n\nBis bald.\n\nF" in mail(MailKind.WAITLIST, facts=WAITING, edited=old).text
    with pytest.raises(UnfitInput, match="no value in this e-mail"):
        check_text("waitlist", old)


def test_waiting_list_mail_does_not_claim_that_every_place_is_taken() -> None:
    """A mode, an administration's limit or the members' first days can keep somebody waiting."""
    assert "alle Plätze" not in mail(MailKind.WAITLIST, facts=WAITING).text


@pytest.mark.parametrize(
    "kind",
    [
        MailKind.CONFIRMATION,
        MailKind.WAITLIST,
        MailKind.CONFIRM_ADDRESS,
        MailKind.AWAITING_APPROVAL,
    ],
)
def test_colleague_learns_who_filled_in_the_form(kind: MailKind) -> None:
    assert "\n\nAngemeldet hat Sie Kai Kollege.\n\n" in mail(kind).text
    assert "Angemeldet hat Sie" not in mail(kind, facts=replace(FACTS, registered_by="")).text


@pytest.mark.parametrize(
    ("facts", "links", "true", "untrue"),
    [
        (FACTS, DOOR, ["Sie sind bereits angemeldet", DOOR.room], ["Warteliste", "bestätigt."]),
        (WAITING, LINKS, ["bereits auf der Warteliste"], ["angemeldet:", "E-Mail-Adresse"]),
        (PENDING, CONFIRM, [CONFIRM.confirm, UNTIL["de"]], ["bereits angemeldet", "Warteliste"]),
        (PENDING, LINKS, ["noch nicht bestätigt"], ["bereits angemeldet", "E-Mail-Adresse"]),
        (OFFERED, ACCEPT, [ACCEPT.accept, UNTIL["de"]], ["bereits angemeldet"]),
    ],
    ids=["confirmed", "waits", "address", "approval", "offered"],
)
def test_repeated_mail_states_the_present_status(
    facts: MailFacts, links: Links, true: list[str], untrue: list[str]
) -> None:
    made = mail(MailKind.REPEAT, facts=facts, links=links)
    assert all(words in made.text for words in true)
    assert not any(words in made.text for words in untrue)
    assert "zweite Anmeldung ist nicht nötig" in made.text


def test_declined_names_the_reason_and_speaks_of_calendars_only_after_an_invitation() -> None:
    assert "\n\nDie Referentin ist erkrankt.\n\n" in mail(MailKind.DECLINED).text
    assert "Kalender" not in mail(MailKind.DECLINED).text
    invited = mail(MailKind.DECLINED, invited=True)
    assert invited.method == "CANCEL"
    assert "entfernt den Termin aus Ihrem Kalender" in invited.text


def test_lapsed_offer_shows_the_way_back() -> None:
    made = mail(MailKind.OFFER_LAPSED, facts=replace(FACTS, status="expired"))
    assert EVENT.register_url == button(made)


@pytest.mark.parametrize("locale", ["de", "en"])
def test_hand_over_takes_the_entry_from_one_and_gives_it_to_the_other(locale: str) -> None:
    given = mail(MailKind.HANDED_OVER, locale, invited=True)
    taken = mail(MailKind.TAKEN_OVER, locale, invited=True, links=DOOR)
    assert "Bo Bei" in given.text
    assert "Bo Bei" in taken.text
    assert DOOR.room == button(taken)
    for made, method, status in ((given, "CANCEL", "CANCELLED"), (taken, "REQUEST", "CONFIRMED")):
        data = made.calendar or b""
        by_icalendar = Calendar.from_ical(data)
        by_vobject = vobject.readOne(data.decode())
        assert made.method == method == by_icalendar["METHOD"] == by_vobject.method.value
        assert by_icalendar.events[0]["STATUS"] == status == by_vobject.vevent.status.value
        assert by_icalendar.events[0]["UID"] == INVITATION.uid == by_vobject.vevent.uid.value


@pytest.mark.parametrize("kind", [MailKind.TAKEN_OVER, MailKind.CHANGED, MailKind.MOVED])
@pytest.mark.parametrize(
    ("facts", "links", "words"),
    [
        (WAITING, LINKS, "auf der Warteliste."),
        (OFFERED, ACCEPT, f"Platz annehmen: {ACCEPT.accept}"),
        (PENDING, CONFIRM, f"E-Mail-Adresse bestätigen: {CONFIRM.confirm}"),
        (PENDING, LINKS, "noch nicht bestätigt"),
    ],
)
def test_mail_states_that_there_is_no_seat_yet(
    kind: MailKind, facts: MailFacts, links: Links, words: str
) -> None:
    text = mail(kind, facts=facts, links=links).text
    assert words in text
    for promise in ("festen Platz", "gilt weiter", "Zugangslink erhalten", "Kalender"):
        assert promise not in text


def test_new_date_stands_apart_from_what_is_asked() -> None:
    text = mail(MailKind.MOVED, facts=OFFERED, links=ACCEPT).text
    assert f"Platz annehmen: {ACCEPT.accept}\n\nPasst der neue Termin nicht?" in text


def test_changed_registration_shows_the_place_or_the_door() -> None:
    on_site = mail(MailKind.CHANGED, event=ON_SITE, invited=True)
    assert "So nehmen Sie jetzt teil: vor Ort." in on_site.text
    assert "\nRathaus, Saal 1\n" in on_site.text
    assert "Zugangslink" not in on_site.text
    entry = Calendar.from_ical(on_site.calendar or b"").events[0]
    assert entry["LOCATION"] == "Rathaus, Saal 1"
    online = mail(MailKind.CHANGED, links=DOOR, invited=True)
    assert "So nehmen Sie jetzt teil: online." in online.text
    assert Calendar.from_ical(online.calendar or b"").events[0]["LOCATION"] == DOOR.door


@pytest.mark.parametrize(
    ("facts", "links", "address"),
    [(PENDING, CONFIRM, CONFIRM.confirm), (OFFERED, ACCEPT, ACCEPT.accept)],
)
def test_own_message_to_the_undecided_has_their_button(
    facts: MailFacts, links: Links, address: str
) -> None:
    made = mail(
        MailKind.NOTE, facts=facts, links=links, edited=EditedText("Bitte", "Denken Sie daran.")
    )
    assert address == button(made)


def test_edited_texts_know_what_is_new() -> None:
    edited = EditedText("Platz frei bis {{frist}}", "Bis {{frist}}: [Ja]({{annahmelink}})")
    made = mail(MailKind.OFFER, facts=OFFERED, links=ACCEPT, edited=edited)
    assert made.subject == f"Platz frei bis {UNTIL['de']}"
    assert f"Ja: {ACCEPT.accept}" in made.text
    words = EditedText("x", "{{andere_person}} kommt {{teilnahme}}.")
    assert "Bo Bei kommt online." in mail(MailKind.HANDED_OVER, edited=words).text


@pytest.mark.parametrize("locale", ["de", "en"])
def test_question_after_a_decline_leads_to_the_one_button(locale: str) -> None:
    made = mail(MailKind.NOT_COMING, locale)
    assert button(made) == f"{LINKS.manage}/cancel"
    assert f"{LINKS.manage}/cancel\n" in made.text
    pending = mail(MailKind.NOT_COMING, locale, facts=PENDING, links=CONFIRM)
    assert button(pending) == f"{LINKS.manage}/cancel", "nothing else is asked here"
    assert "reserviert" not in pending.text


def test_edited_question_after_a_decline_is_true_for_everybody() -> None:
    edited = EditedText("Wirklich?", "{{anmeldestand}}\n\n[Nein]({{absagelink}})")
    check_text(MailKind.NOT_COMING, edited)
    seated = mail(MailKind.NOT_COMING, edited=edited)
    assert seated.subject == "Wirklich?"
    assert "Ihr Platz bleibt für Sie reserviert." in seated.text
    assert button(seated) == f"{LINKS.manage}/cancel"
    waiting = mail(MailKind.NOT_COMING, facts=WAITING, edited=edited)
    assert "Ihre Anmeldung bleibt bestehen." in waiting.text

"""A filled application in which every page has something to show, and who looks at it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import delete

from ikone_events.domain.directory.contact import CHECKED_FOR
from ikone_events.domain.followup.certificate import CertificateCodes
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.plan.times import Anchor, Timing
from ikone_events.domain.tokens import Purpose
from ikone_events.services.accounts.changes import SHELL, set_active
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.services.accounts.password_links import send_link
from ikone_events.services.followup.answers import AnswerInput, answer
from ikone_events.services.mails.facts import standing_page
from ikone_events.services.mails.texts import TextChange
from ikone_events.services.plan.plans import create_plan
from ikone_events.services.plan.step_mails import OwnMessage, note_message
from ikone_events.services.privacy.retention_record import WORKER, recording
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.services.registering.standing import delete_standing
from ikone_events.services.rooms.check_in import Press, check_in
from ikone_events.store.accounts.queries import find_account
from ikone_events.store.db import db, rows_written, transaction
from ikone_events.store.directory.models import LeftText
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.events.queries import all_events
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Code, Registration
from ikone_events.store.registering.standing import StandingSignUp
from tests.accounts import link_in, link_mails, make_account
from tests.factories import (
    NOW,
    PAST,
    TODAY,
    check_in_path,
    contact_path,
    door_path,
    make_contact,
    make_event,
    make_mail,
    make_mailing,
    make_material,
    make_organisation,
    make_registration,
    make_request,
    make_speaker,
    make_subscriber,
    make_text,
    personal_path,
    request_path,
    speaker_path,
    subscription_path,
)
from tests.feedback import give_all, past_event
from tests.journeys.replies import replies
from tests.own_fields import make_answer, make_change, make_field, stored
from tests.standing import make_date, make_series, make_standing

PASSWORD = "Lange-Wörter-2026"
PEOPLE = {
    "organiser": "wilma@example.org",
    "viewer": "lea@example.org",
    "admin": "ada@example.org",
    "door": "tuer@example.org",
}
LONG = "Verbandsgemeindeverwaltung Bad Münster am Stein-Ebernburg"
CONTENT: dict[str, Any] = {
    "title": "Digitalisierungsstrategien für Verbandsgemeindeverwaltungen",
    "title_en": "Digital strategies",
    "series": "Workshop-Reihe „Bewerbung als Smart City“",
    "description": "Aus *Anträgen* lernen.\n\n- erste Runde\n- [zweite](https://example.org)",
    "speakers": "Frau Dr. Beispiel, Stadtverwaltung Bendorf",
    "programme": '[{"time": "10:00", "title": "Begrüßung"}, {"time": "", "title": "Fragen"}]',
    "deadline": NOW + timedelta(days=13),
    "edit_version": 3,
    "contact_phone": "+49 631 000 456",
}
SOON = {"starts_at": NOW + timedelta(minutes=10), "ends_at": NOW + timedelta(hours=2)}
TOMORROW = {"starts_at": NOW + timedelta(hours=20), "ends_at": NOW + timedelta(hours=22)}
CALLED_OFF = {"postponed": "Der Referent ist erkrankt.", "cancelled": "Zu wenige Anmeldungen."}

ON_SITE = {
    "place": "Rathaus, Saal 2",
    "directions": "Raum 204, Aufzug links\nLinie 101",
    "bring": "Ausweis\nLaptop",
}


def fill(app: Flask) -> Mapping[str, str]:
    """Write the data; returns the names that stand in the addresses of the pages."""
    with app.app_context(), transaction():
        for role, email in PEOPLE.items():
            add(NewOrganiser(email=email, role=role, password=PASSWORD, name="W. O."), now=NOW)
    make_organisation(app, LONG)
    names = {
        **_directory(app),
        **_coming(app),
        **_running(app),
        **_speakers(app),
        **_statuses(app),
        **_past(app),
        **_opinions(app),
        **_people(app),
        **_invited(app),
        **_called_off(app),
        **replies(app),
        **_subscribers(app),
        **_standing(app),
        **_entrance(app),
        **_accounts(app),
    }
    return {**names, **_plans(app)}


def _standing(app: Flask) -> dict[str, str]:
    """A series with long names that are signed up for all dates, one of them not confirmed yet."""
    make_series(app, text=f"Jeden *Monat*: {LONG}", rhythm="quarterly")
    event = make_date(app, slug="standing", title=CONTENT["title"])
    people = [
        make_standing(app, email=f"{name}@{'gemeinde-' * 5}amt.example.org", last_name=LONG[:60])
        for name in ("eins", "zwei", "drei")
    ]
    make_registration(app, event, standing_id=people[0].id)
    with app.app_context():
        with transaction():
            db.session.get_one(StandingSignUp, people[1].id).confirmed_at = None
            delete_standing(StandingSignUp.id == people[2].id)
        first, second, third = (urlsplit(standing_page(each)).path for each in people)
    return {
        "standing": first,
        "standing_asked": second,
        "standing_ended": third,
        "sign_up": people[0].public_id,
    }


def _accounts(app: Flask) -> dict[str, str]:
    """One limited to an event, one disabled, one invited, and a link to set a password."""
    limited = make_account(app, "otto@example.org", "organiser", name=LONG, only=("open",))
    disabled = make_account(app, "weg@example.org", "viewer", name="Lea Einsichtia")
    invited = make_account(app, f"neu@{'gemeinde-' * 5}amt.example.org", "door", password=None)
    with app.app_context():
        with transaction():
            set_active(disabled, active=False)
            send_link(invited, asker=SHELL, locale="de", now=NOW)
        own = find_account(PEOPLE["admin"])
        assert own
    return {
        "limited_account": str(limited),
        "disabled_account": str(disabled),
        "own_account": str(own.id),
        "password_link": link_in(link_mails(app)[-1].text),
    }


def _directory(app: Flask) -> dict[str, str]:
    """A town and a district of one name, people who typed just that, and names that fit nobody."""
    town = make_organisation(app, "Stadtverwaltung Lautersheim", kind="kreisfreie_stadt")
    ended = {"member_until": NOW.date() - timedelta(days=1), "district": "Lautersheim"}
    make_organisation(app, "Kreisverwaltung Lautersheim", kind="landkreis", **ended)
    event = make_event(app, slug="directory", title=CONTENT["title"])
    for text in ("Lautersheim", "LAUTERSHEIM", f"Rathaus {LONG}", "Verein", "Privat"):
        make_registration(app, event, organisation_text=text, last_name=LONG[:60])
    with app.app_context(), transaction():
        db.session.add(LeftText(key="privat", text="Privat", left_by="w@example.org", left_at=NOW))
    return {"administration": str(town.id)}


def _plans(app: Flask) -> dict[str, str]:
    """Every event has its plan, as if made a month ago: one step is blocked, others are over."""
    stuck = make_event(app, slug="stuck", room_url="", **TOMORROW)
    make_registration(app, stuck)
    with app.app_context(), transaction():
        for event in all_events():
            create_plan(event, now=NOW - timedelta(days=30))
        dispatch = db.select(Step.id).where(Step.event_id == stuck.id, Step.name == "dispatch")
        return {"stuck_step": str(db.session.scalars(dispatch).one())}


def _coming(app: Flask) -> dict[str, str]:
    event = make_event(app, slug="open", **CONTENT)
    for slug, state in (("draft", "draft"), ("announced", "announced"), ("closed", "closed")):
        make_event(app, slug=slug, state=state, room_url="")
    make_text(app, "confirmation", event, body="**Danke**, {{vorname}}!\n\n{{zugang}}")
    person = make_registration(app, event, question="Was kostet das?", position="Hauptamt")
    gone = make_registration(app, event, status="cancelled")
    full = make_event(
        app, slug="full", format="hybrid", place="Rathaus, Saal 2", capacity=1, approval=True
    )
    make_registration(app, full)
    waits = make_registration(app, full, status="waitlisted")
    on_site = make_event(app, slug="on-site", format="on_site", **ON_SITE)
    _own_fields(app, event, person)
    return {
        "person": personal_path(app, person),
        "gone": personal_path(app, gone),
        "waits": personal_path(app, waits),
        "visitor": personal_path(app, make_registration(app, on_site)),
        "public_id": person.public_id,
        **_mails(app, event),
        "own_step": _sendings(app, event),
    }


def _own_fields(app: Flask, event: Event, person: Registration) -> None:
    """One of each kind, one that hangs on another, one that is full, one asked no more."""
    meals = [
        {"value": "vegan", "label": "Vegan", "label_en": "Vegan", "places": 1},
        {"value": "kaese", "label": f"Mit Käse, wie in der {LONG}"},
    ]
    own: dict[str, dict[str, Any]] = {
        "mittagessen": {"kind": "one_choice", "choices": meals, "keep_days": 7},
        "unvertraeglich": {
            "kind": "long_text",
            "help": "Zum Beispiel Nüsse.",
            "required": True,
            "shown_if": "mittagessen",
            "shown_value": "kaese",
        },
        "werkstatt": {"kind": "several_choices", "choices": meals, "seen_by": "organiser"},
        "ankunft": {"kind": "date"},
        "begleitung": {"kind": "number"},
        "vertretung": {"kind": "email"},
        "hotel": {"kind": "yes_no"},
        "liste": {
            "kind": "consent",
            "versions": [{"version": 1, "label": "Ja, auf die Liste.", "label_en": ""}],
        },
        "frueher": {"retired_at": NOW},
    }
    for number, (key, values) in enumerate(own.items(), 1):
        field = make_field(app, event, key=key, label=key.title(), position=number, **values)
        if key in ("mittagessen", "frueher"):
            make_answer(app, person, field, "vegan")


def fill_outbox(app: Flask) -> None:
    """Two mails to be sent: one as it is really written, one to a long address."""
    event = make_event(app, slug="open", **CONTENT)
    sign_up(app, event)
    make_mail(app, make_registration(app, event, email=f"neu@{'gemeinde-' * 5}amt.example.org"))


def sign_up(app: Flask, event: Event) -> OutboxMail:
    """Somebody registers as on the page; returns the mail, which has a calendar entry."""
    applicant = Applicant(
        first_name="Jördis",
        last_name="Beispiel",
        email="joerdis@example.org",
        organisation=LONG,
        locale="de",
    )
    with app.app_context():
        with transaction():
            register(event.slug, applicant, now=NOW)
        wanted = db.select(OutboxMail).where(OutboxMail.recipient == applicant.email)
        return db.session.scalars(wanted).one()


def _mails(app: Flask, event: Event) -> dict[str, str]:
    """One as it is really written, and one that was refused."""
    mail = sign_up(app, event)
    refused = make_registration(app, event, organisation_text=LONG)
    words = "550 5.1.1 <maria@example.org>: Recipient address rejected: User unknown"
    failed = make_mail(app, refused, state="failed", answer=words, tries=3)
    return {"mail": str(mail.id), "failed": str(failed.id)}


def _sendings(app: Flask, event: Event) -> str:
    """Mails to many: one that runs, one that was stopped, and one that waits for a word."""
    stopped = {"stopped_at": NOW, "stopped_by": PEOPLE["organiser"]}
    for states, values in ((("sent", "failed", "queued"), {}), (("sent", "stopped"), stopped)):
        mailing = make_mailing(app, event, started_by=PEOPLE["organiser"], **values)
        for state in states:
            person = make_registration(app, event, last_name=LONG)
            make_mail(app, person, mailing_id=mailing.id, kind="access_link", state=state)
    fixed = Timing(anchor=Anchor.FIXED, fixed=NOW + timedelta(days=1))
    text = EditedText("Neuer Raum: {{titel}}", "Wir treffen uns in **Saal 2**.")
    message = OwnMessage(
        title=f"Raumwechsel {LONG}",
        audience=Audience.CONFIRMED,
        timing=fixed,
        texts=[TextChange("de", text)],
    )
    with app.app_context(), transaction():
        return str(note_message(event.slug, message, actor="W. O.", now=NOW).id)


def _running(app: Flask) -> dict[str, str]:
    later = make_event(app, slug="dispatched", state="dispatched")
    soon = make_event(app, slug="running", state="dispatched", **SOON)
    return {
        "early": personal_path(app, make_registration(app, later)),
        "early_door": door_path(app, make_registration(app, later)),
        "guest_door": door_path(app, make_registration(app, soon)),
        "gone_door": door_path(app, make_registration(app, soon, status="cancelled")),
        "guest": personal_path(app, make_registration(app, soon, question=CONTENT["title"])),
    }


def _speakers(app: Flask) -> dict[str, str]:
    """Speakers before a room that is open, with slides in every state; and one on site."""
    event = make_event(app, slug="spoken", state="dispatched", title=CONTENT["title"], **SOON)
    on_site = make_event(
        app, slug="spoken-on-site", format="on_site", place="Rathaus", directions="Saal 2"
    )
    speaker = make_speaker(
        app, event, name=LONG, organisation_text=LONG, calendar_sequence=0, partstat="ACCEPTED"
    )
    make_speaker(app, event, role="co_organiser", email="bo@example.org")
    make_registration(app, event, question=LONG)
    make_registration(app, event, email="bo@example.org")
    for released in (True, False):
        make_material(app, event, title=LONG, speaker_id=speaker.id, released=released)
    visitor = make_speaker(app, on_site)
    return {
        "speaker": speaker_path(app, speaker),
        "speaker_door": speaker_path(app, speaker, Purpose.SPEAKER_DOOR),
        "upload": speaker_path(app, speaker, Purpose.UPLOAD),
        "speaker_on_site": speaker_path(app, visitor),
        "speaker_id": speaker.public_id,
    }


def _invited(app: Flask) -> dict[str, str]:
    """Everything that registration can ask for at once, and codes in every state."""
    event = make_event(
        app,
        slug="invited",
        title=CONTENT["title"],
        format="hybrid",
        place="Rathaus, Saal 2",
        capacity_on_site=1,
        by_code=True,
        approval=True,
        confirm_hours=24,
        per_administration=3,
        members_until=NOW + timedelta(days=2),
    )
    make_registration(app, event, mode="on_site")
    make_field(app, event, key="essen", label="Mittagessen", required=True)
    for text, values in (
        ("RATHAUS2026", {"label": LONG}),
        ("ABCDEFGHJK", {"uses": 1}),
        ("GESTERN2026", {"revoked_at": NOW}),
    ):
        stored(app, Code(event_id=event.id, text=text, created_at=NOW, **values))
    return {}


def _people(app: Flask) -> dict[str, str]:
    """A person with every status, with notes, reasons and long names."""
    event = make_event(
        app,
        slug="people",
        title=CONTENT["title"],
        format="hybrid",
        place="Rathaus, Saal 2",
        capacity_on_site=1,
        approval=True,
        confirm_hours=24,
        offer_hours=12,
    )
    until = NOW + timedelta(hours=20)
    make_registration(app, event, mode="on_site", note="Kommt mit dem Zug.", last_name=LONG)
    for status in ("cancelled", "declined", "expired"):
        make_registration(app, event, status=status, organisation_text=LONG)
    make_registration(app, event, status="offered", reserved_until=until)
    make_registration(app, event, status="pending", awaits="address", reserved_until=until)
    approval = make_registration(app, event, status="pending", awaits="approval", title="Dr.")
    waits = make_registration(app, event, status="waitlisted", waiting_order=1, mode="on_site")
    return {"to_approve": approval.public_id, "in_line": waits.public_id}


def _statuses(app: Flask) -> dict[str, str]:
    """One person with each status, at an event that has all the rules."""
    rules = {"offer_hours": 24, "confirm_hours": 24, "per_administration": 2}
    places = {"format": "hybrid", "place": "Rathaus, Saal 2", "capacity_on_site": 1}
    event = make_event(app, slug="statuses", capacity_online=9, **{**CONTENT, **rules, **places})
    reserved = {"reserved_until": NOW + timedelta(hours=20), "organisation_text": LONG}
    people = {
        "pending": {"status": "pending", "awaits": "address", **reserved},
        "approval": {"status": "pending", "awaits": "approval"},
        "in_waiting_list": {"status": "waitlisted", "waiting_order": 2, "mode": "on_site"},
        "offered": {"status": "offered", "waiting_order": 1, **reserved},
        "on_site_guest": {"mode": "on_site", "registered_by": f"Bernd {LONG}"},
        "declined": {"status": "declined"},
        "expired": {"status": "expired"},
        "handed_over": {"status": "cancelled"},
        "deleted_person": {"status": "cancelled", "anonymised_at": NOW},
    }
    made = {name: make_registration(app, event, **values) for name, values in people.items()}
    make_change(app, made["declined"], action="decline", actor="w@example.org", reason=LONG)
    make_change(app, made["expired"], action="expire", source="pending", actor="system")
    make_change(app, made["handed_over"], action="hand_over")
    return {name: personal_path(app, person) for name, person in made.items()}


def _entrance(app: Flask) -> dict[str, str]:
    """An event on site today: one is in, one comes, with a long name and a note."""
    event = make_event(app, slug="today", title=CONTENT["title"], **TODAY)
    came = make_registration(app, event)
    with app.app_context(), transaction():
        check_in(event, came.public_id, Press(by=LONG), now=NOW - timedelta(minutes=9))
    comes = make_registration(app, event, last_name=LONG, note="Braucht eine Rampe.")
    waits = make_registration(app, event, status="waitlisted")
    return {
        "came": came.public_id,
        "without_place": waits.public_id,
        "code_in": check_in_path(app, came),
        "code": check_in_path(app, comes),
        "code_in_capitals": check_in_path(app, comes).replace("/c/", "/C/"),
    }


def _past(app: Flask) -> dict[str, str]:
    event = make_event(app, slug="past", state="followed_up", **{**CONTENT, **PAST})
    make_event(app, slug="over", state="dispatched", **PAST)
    file = make_material(
        app, event, visibility="public", accessible=True, language="en", description=LONG
    )
    make_material(app, event, scan="infected")
    make_material(app, event, kind="recording", url="https://example.org/a", stored_name="")
    note = make_material(app, event, kind="note", description=LONG, stored_name="")
    make_material(app, event, kind="link", url="https://example.org/a", stored_name="")
    make_material(
        app,
        event,
        kind="contact",
        stored_name="",
        contact_name="Bo Bei",
        contact_email="bo@example.org",
    )
    _record_of_deletion(app, make_mail(app, make_registration(app, event, attendance="missed")))
    make_registration(app, event, attendance="missed", wants_supplement=True)
    _held(app)
    veteran = make_registration(app, event, attendance="attended")
    month_before = {name: moment - timedelta(days=30) for name, moment in PAST.items()}
    before = make_event(app, slug="before", state="followed_up", **{**CONTENT, **month_before})
    make_registration(app, before, attendance="attended", email=veteran.email)
    waits = make_request(app, event, name=LONG)
    make_request(app, event, email=f"{'amt.' * 20}@example.org", name="")
    granted = make_request(app, event, state="granted")
    expired = make_request(app, event, state="granted", granted_until=NOW - timedelta(days=1))
    refused = make_request(app, event, state="refused")
    codes = CertificateCodes(app.extensions["ikone_installation"].settings.secret_key)
    return {
        "veteran": personal_path(app, veteran),
        "file": file.public_id,
        "note": note.public_id,
        "certificate": f"/certificates/{codes.code(veteran.id, 'MM')}",
        "granted": request_path(app, granted),
        "expired_request": request_path(app, expired),
        "refused_request": request_path(app, refused),
        "waits_for_materials": request_path(app, waits),
    }


def _record_of_deletion(app: Flask, mail: OutboxMail) -> None:
    """What retention leaves: a record, here of a mail."""
    with app.app_context(), transaction(), recording(by=WORKER, as_of=NOW) as deleted:
        deleted.events.append({"event": "past", "archived": False, "answers": 2, "people": 1})
        rows_written(delete(OutboxMail).where(OutboxMail.id == mail.id))


def _opinions(app: Flask) -> dict[str, str]:
    """Feedback: an event with enough answers, one with too few."""
    many, few = (past_event(app, slug=slug, **CONTENT) for slug in ("opinions", "few-opinions"))
    texts = ("Die Beispiele aus der Praxis", "Kaffee", "Alles", "Viel Zeit für Fragen", "Nichts")
    [answered, *_] = give_all(app, many, list(texts))
    give_all(app, few, ["Der Saal"])
    people = {
        "asked_person": make_registration(app, many),
        "answered": answered,
        "absent": make_registration(app, many, attendance="missed"),
    }
    return {name: personal_path(app, person) for name, person in people.items()}


def _held(app: Flask) -> None:
    """An event whose link went out by other means, with everything that a follow-up has."""
    event = make_event(app, slug="held", state="closed", **PAST)
    make_material(app, event, title=LONG)
    make_registration(app, event, attendance="attended", question=f"Was kostet {LONG}?")
    asked = make_registration(app, event, question="Und wann?")
    make_registration(app, event, status="waitlisted")
    with app.app_context(), transaction():
        wish = AnswerInput(answer="Nichts.", version=0, publish="public")
        answer(event.slug, asked.public_id, wish, now=NOW, by="Eva")


def _called_off(app: Flask) -> dict[str, str]:
    paths = {}
    for state, reason in CALLED_OFF.items():
        event = make_event(app, slug=state, state=state)
        paths[f"{state}_person"] = personal_path(app, make_registration(app, event))
        paths[f"{state}_door"] = door_path(app, make_registration(app, event))
        change = StateChange(
            event_id=event.id,
            action="cancel" if state == "cancelled" else "postpone",
            source="open",
            target=state,
            actor=PEOPLE["organiser"],
            reason=reason,
            at=NOW,
        )
        with app.app_context(), transaction():
            db.session.add(change)
    return paths


def _subscribers(app: Flask) -> dict[str, str]:
    """Of the network and of one opening, before and after they have confirmed."""
    event = make_event(app, state="announced", title=CONTENT["title"])
    known, waits = make_subscriber(app), make_subscriber(app, event)
    asked = make_subscriber(app, confirmed_at=None)
    email = "hauptamt.digitalisierung@verbandsgemeinde-muenster-am-stein.example.org"
    asked_event = make_subscriber(app, event, confirmed_at=None, email=email)
    return {
        "asked": subscription_path(app, asked, "subscribe"),
        "asked_event": subscription_path(app, asked_event, "subscribe"),
        "subscribed": subscription_path(app, known, "subscribe"),
        "waits_for_opening": subscription_path(app, waits, "subscribe"),
        "leaves": subscription_path(app, known),
        "leaves_event": subscription_path(app, waits),
        "subscriber": asked_event.public_id,
        "contact": make_contact(app, email=f"amt.{email}", position="Leitung").public_id,
        "objects": contact_path(app, make_contact(app, checked_at=NOW - CHECKED_FOR)),
    }

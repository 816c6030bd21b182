"""Values that no page of ours sends, to forms and pages of materials, feedback and figures."""

import re
from collections.abc import Mapping
from itertools import product

import pytest
from flask import Flask

from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation
from ikone_events.store.events.models import Event
from tests.factories import (
    PAST,
    make_event,
    make_material,
    make_registration,
    make_request,
    personal_path,
    request_path,
)
from tests.feedback import KEYS, give_all, make_questions
from tests.standing import SERIES, SLUG, make_date, make_series, make_standing
from tests.web.hostile.conftest import broken_forms, broken_pages, odd_values
from tests.web.organiser.conftest import Browser

pytestmark = pytest.mark.slow

# What a database may refuse.
STORED = ("\0", "9" * 30)
WORST = (
    "31.12.9999 23:59",
    "=?utf-8?q?Hi=0D=0ABcc:_x@y?=",
    "x" * 100_000,
)
OTHERS = (
    "9" * 4000,
    "-1",
    "0001-01-01",
    "9999-12-31",
    "=cmd|' /C calc'!A0",
    "\u202egnp.exe\u2066\r\nBcc: y@example.org",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "../../etc/passwd",
)


PERSON = ("first_name", "last_name", "email", "organisation", "position", "title", "salutation")
# What the forms need besides the odd value, to get past their first check.
FIT = {
    "first_name": "Ada",
    "last_name": "Amtmann",
    "email": "ada@example.org",
    "organisation": "Stadtverwaltung Bendorf",
    "privacy": "y",
    "title": "Folien",
    "link-title": "Mehr",
    "link-url": "https://example.org/",
    "note-description": "Text",
    "starts_at": "12.01.2027 10:00",
    "rhythm": "monthly",
    "locale": "de",
    "state": "dispatched",
    "answer": "Ja.",
    "version": "0",
    "edit_version": "1",
}


@pytest.fixture
def event(app: Flask, database: str) -> Event:
    """A past event of a series, with questions and five answers."""
    made = make_event(app, series=SERIES, state="dispatched", **PAST)
    make_series(app)
    make_date(app)
    make_questions(app, made)
    give_all(app, made, ["=1+1", "<b>x</b>", "gut", "sehr gut", "ja"])
    return made


def standing_path(app: Flask, email: str) -> str:
    """The page of a standing sign-up."""
    made = make_standing(app, email=email)
    with app.app_context():
        claim = LinkClaim(made.public_id, made.link_epoch)
        return f"/standing/{get_installation().signer.sign(Purpose.STANDING, claim)}"


def forms_of(app: Flask, event: Event) -> Mapping[str, tuple[str, ...]]:
    """The forms by address, with their fields."""
    person = make_registration(app, event, question="Wann?", attendance="attended")
    base, own = f"/organise/events/{event.slug}", personal_path(app, person)
    material, asked = make_material(app, event), make_request(app, event)
    link = make_material(app, event, kind="link", url="https://example.org", stored_name="")
    one, series = f"{base}/materials/{link.public_id}", f"/organise/series/{SLUG}"
    named = ("title", "description", "language", "visibility", "availability", "available_at")
    return {
        f"/events/{event.slug}/materials/request": ("email", "organisation", "name"),
        f"/series/{SLUG}/standing": PERSON,
        f"{standing_path(app, 'a@example.org')}/confirm": ("go",),
        f"{standing_path(app, 'b@example.org')}/end": ("coming",),
        f"{own}/feedback": tuple(f"f_{key}" for key in KEYS),
        f"{own}/materials/supplement": ("wish", "wanted"),
        f"{base}/copy": ("title", "title_en", "starts_at", "parts"),
        f"{base}/do/follow-up": ("state", "reason", "note"),
        f"{base}/feedback/strike-out": ("field", "text"),
        f"{base}/feedback/suggested": ("edit_version",),
        f"{base}/follow-up/waiting": ("wanted",),
        f"{base}/follow-up/supplement/send": ("number", "seen", "state"),
        f"{base}/follow-up/answers/send": ("number", "seen", "state"),
        f"{base}/follow-up/attended/test": ("to", "form", "email"),
        f"{base}/materials/link": tuple(f"link-{each}" for each in (*named, "url")),
        f"{base}/materials/recording": tuple(f"recording-{each}" for each in (*named, "url")),
        f"{base}/materials/contact": tuple(f"contact-{each}" for each in (*named, "name", "email")),
        f"{base}/materials/note": tuple(f"note-{each}" for each in named),
        f"{one}/edit": tuple(f"link-{each}" for each in (*named, "url")),
        f"{one}/people": ("person",),
        f"{one}/move": ("up", "direction", "where"),
        f"{base}/materials/{material.public_id}/release": ("visibility",),
        f"{base}/materials/requests/{asked.public_id}/refuse": ("notify", "reason"),
        f"{base}/materials/requests/setting": ("granting", "grants"),
        f"{base}/questions/{person.public_id}": (
            "answer", "version", "also", "publish", "public_question",
        ),
        f"{series}/settings": ("text", "text_en", "rhythm", "standing"),
        f"{series}/standing/add": (*PERSON, "locale"),
    }  # fmt: skip


def pages_of(app: Flask, event: Event) -> Mapping[str, tuple[str, ...]]:
    """Pages, with the words that their addresses may have."""
    person = make_registration(app, event, attendance="attended")
    base, own = f"/organise/events/{event.slug}", personal_path(app, person)
    asked = make_request(app, event, state="granted")
    return {
        "/certificates": ("code", "lang"),
        f"/events/{event.slug}/materials": ("via", "lang"),
        f"/events/{event.slug}/register": ("via",),
        f"/events/{event.slug}": ("via",),
        f"/series/{SLUG}": ("via", "page"),
        request_path(app, asked): ("lang",),
        f"{own}/feedback": ("again", "lang"),
        f"{own}/certificate": ("lang", "form"),
        "/organise/figures": ("year",),
        "/organise/figures/2026": ("page",),
        "/organise/figures/report": ("from", "to", "series"),
        "/organise/figures/report.xlsx": ("from", "to", "series"),
        "/organise/figures/report.json": ("from", "to", "series"),
        "/organise/figures/report.pdf": ("from", "to", "series", "_scheme", "_method", "endpoint"),
        f"/organise/series/{SLUG}": ("page",),
        f"/organise/series/{SLUG}/standing": ("q", "page"),
        f"{base}/feedback": ("page",),
        f"{base}/feedback/preview": ("form",),
        f"{base}/feedback/form": ("form",),
        f"{base}/follow-up/attended": ("form", "person", "lang"),
        f"{base}/follow-up/attended/html": ("form", "person"),
        f"{base}/materials": ("page",),
        f"{base}/copy": ("at",),
    }


# Parts of addresses, in the place of "{}".
PLACES = (
    "/certificates/{}",
    "/series/{}",
    "/series/{}/standing",
    "/series/{}/feed.atom",
    "/series/{}/calendar.ics",
    "/events/{}/materials",
    "/materials/{}",
    "/standing/{}",
    "/organise/figures/{}",
    "/organise/figures/series/{}",
    "/organise/series/{}",
    "/organise/series/{}/settings",
    "/organise/series/{}/standing",
    "/organise/series/{}/standing.csv",
    "/organise/series/{}/standing/add",
    "/organise/settings/retention/{}",
    "/organise/settings/retention/{}.json",
    "/organise/events/{}/dossier.zip",
)


def test_odd_values_break_no_form(app: Flask, event: Event, admin: Browser) -> None:
    assert (
        broken_forms(admin, forms_of(app, event), odd_values(app, STORED, WORST, OTHERS), FIT) == []
    )


def test_odd_queries_break_no_page(app: Flask, event: Event, admin: Browser) -> None:
    assert broken_pages(admin, pages_of(app, event), odd_values(app, STORED, WORST, OTHERS)) == []


def test_odd_addresses_lead_to_nothing(app: Flask, event: Event, admin: Browser) -> None:
    broken = []
    others = (".", "..", "a\r\nX-Injected: 1", 'a"; x="', "ü", "%0d%0a", "{{7*7}}")
    for place, odd in product(PLACES, (*odd_values(app, STORED, WORST, OTHERS), *others)):
        path = place.replace("{}", re.sub(r"[/?#]", "", odd)[:5000])
        answer = admin.client.get(path)
        if answer.status_code >= 500 or "X-Injected" in answer.headers:
            broken.append((path[:80], answer.status_code))
    assert broken == []

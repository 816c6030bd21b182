"""Every page of the application: who opens it, how it answers, what is pressed on it first."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from playwright.sync_api import Page, Route

from tests.administrations import FILE

_numbers = count(1)

ROOM = "https://video.example.org/"
DIRECTORY = "/organise/contacts/administrations"
CONTACTS = "/organise/contacts/people"

Step = Callable[[Page], None]


@dataclass(frozen=True)
class Stop:
    """One page; names in braces stand for what filled_app.fill returns.

    `then` is done on the page before it is looked at; the answer to it has `status`.
    """

    path: str
    status: int = 200
    then: Step | None = None


def send(form: str, **entries: str) -> Step:
    """Fill in some fields of a form and send it."""

    def fill_and_send(page: Page) -> None:
        for name, value in entries.items():
            page.fill(f"{form} [name={name}]", value)
        page.click(f"{form} button[type=submit]")

    return fill_and_send


def _corrected_by_two(page: Page) -> None:
    """The form was opened before somebody else has saved a correction."""
    page.evaluate("document.querySelector('[name=seen]').value = 'earlier'")
    page.fill("main [name=position]", "Zweite")
    page.click("main form.form button[type=submit]")


def _tick_all(page: Page) -> None:
    page.click("main form:has([name=all]) button")


def _edited_by_two(page: Page) -> None:
    """As if somebody had saved since the form was opened: the event is further than the form."""
    page.evaluate("document.querySelector('[name=edit_version]').value = '1'")
    page.fill("[name=title]", "Ein anderer Titel")
    page.click("form[data-guard] button[type=submit]")


def _look_at_calendars(page: Page) -> None:
    """See what an edit would do to calendars before it is saved."""
    page.fill("[name=title]", "Ein anderer Titel")
    page.fill("[name=starts_at]", page.input_value("[name=starts_at]").replace("T10", "T11"))
    page.click("form[data-guard] button[formaction$='/look']")


def _look_at_another_date(page: Page) -> None:
    page.fill("[name=ends_at]", page.input_value("[name=ends_at]").replace("T12", "T13"))
    page.click("button[name=look]")


def _look_at_no_date(page: Page) -> None:
    page.check("[name=when][value=unknown]")
    page.fill("[name=reason]", "Sturm")
    page.click("button[name=look]")


def _send_empty_field(page: Page) -> None:
    """By Enter, which saves: the button for more lines stands before that for saving."""
    page.press("form[data-guard] [name=label]", "Enter")


def _show_the_mail(page: Page) -> None:
    page.click("form[data-guard] button[name=do]")


def _text_by_two(page: Page) -> None:
    """As if somebody had begun a text of their own since the form was opened."""
    page.evaluate("document.querySelector('[name=seen_de]').value = '2026-03-01T09:00:00+00:00'")
    page.fill("[name=body_de]", "Ein anderer Text")
    page.click("form[data-guard] button[type=submit]:not([name])")


def _check_a_list(page: Page) -> None:
    page.set_input_files("[name=file]", FILE)
    page.click("form[enctype] button[name=do]")


def _send_a_wrong_list(page: Page) -> None:
    content = b"name;art\n;landkreis\nKreis A;grafschaft\n"
    page.set_input_files(
        "[name=file]", {"name": "liste.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.click("form[enctype] button:not([name])")


def _check_contacts(page: Page) -> None:
    content = b"Name;E-Mail;Verwaltung\nAda;ada@example.org;Amt Nirgendwo\nAda;ADA@example.org;\n"
    page.set_input_files(
        "[name=file]", {"name": "liste.csv", "mimeType": "text/csv", "buffer": content}
    )
    page.fill("[name=source]", "Mitgliederliste")
    page.select_option("[name=legal_basis]", "public_task")
    page.click("form[enctype] button")


def _enter_the_room(page: Page) -> None:
    """Press the button, then come back to the page that leads on, which now stays.

    Routed for these steps only, because Playwright turns the browser's cache off for it.
    """
    door = page.url
    page.route(f"{ROOM}**", lambda route: route.fulfill(body="the video room"))
    page.click("form[action$='/room'] button")
    page.wait_for_url(f"{ROOM}**")
    page.route("**/room?go=1", _without_refresh)
    page.goto(f"{door}?go=1")
    page.unroute_all()


def _enter_as_speaker(page: Page) -> None:
    """Press the button; the page that leads on stays."""
    page.route("**/speaker/*", _without_refresh)
    page.click("main form.post button")
    page.unroute_all()


def _without_refresh(route: Route) -> None:
    answer = route.fetch()
    kept = {name: value for name, value in answer.headers.items() if name != "refresh"}
    route.fulfill(response=answer, headers=kept)


def _go_to_the_end(page: Page) -> None:
    """Where the bar lies below the list, on a page loaded once more: else it may cover a row."""
    page.reload()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")


def _scan_a_cut_code(page: Page) -> None:
    """As without the script."""
    page.fill("#typed", "https://example.org/c/kaputt")
    page.evaluate("document.getElementById('entry-form').submit()")


def _open_the_buttons(page: Page) -> None:
    """Unfold what can be done with the steps, on a page loaded once more."""
    page.reload()
    unfold(page, "details.fold")
    for summary in page.locator("details.steer summary").all():
        summary.click()


def _send_a_wrong_room(page: Page) -> None:
    unfold(page, "main details")
    send("form[action$='/room']", room_url="javascript:1")(page)


def unfold(page: Page, what: str) -> None:
    """Open folded parts, as presses on their names would."""
    page.evaluate("s => document.querySelectorAll(s).forEach(d => { d.open = true })", what)


def _register_a_colleague(page: Page) -> None:
    page.click("button[name=add]")


def _send_two_empty_people(page: Page) -> None:
    """The answer to the second press is looked at."""
    with page.expect_navigation():
        page.click("button[name=add]")
    page.click("main form .actions button")


def _unfold_filters(page: Page) -> None:
    """On a page loaded once more."""
    page.reload()
    page.click("details.more-filters summary")


def _unfold_board(page: Page) -> None:
    """On a page loaded once more."""
    page.reload()
    unfold(page, "main details")


def _unfold_calendars(page: Page) -> None:
    """On a page loaded once more."""
    page.reload()
    page.click("aside details summary")


def _tick_everybody(page: Page) -> None:
    for box in page.locator("[name=person]").all():
        box.check()


def _do_to_everybody(page: Page, action: str) -> None:
    _tick_everybody(page)
    page.click("#several summary")
    page.click(f"#several button[formaction$='/{action}']")


def _decline_everybody(page: Page) -> None:
    _do_to_everybody(page, "decline")


def _resend_to_everybody(page: Page) -> None:
    _do_to_everybody(page, "resend")
    page.click("main form[action$='/do/resend'] button")


def _write_to_nobody(page: Page) -> None:
    page.click("#several .end > button")


def _hand_in_people(page: Page) -> None:
    someone = f"anna{next(_numbers)}@example.org"
    lines = f"Vorname;Nachname;E-Mail;Zimmer\nAnna;Beispiel;{someone};1\n;;kein;\n"
    file = {"name": "liste.csv", "mimeType": "text/csv", "buffer": lines.encode()}
    page.set_input_files("[name=file]", file)
    page.click("form[enctype] button[type=submit]")


def _import_people(page: Page) -> None:
    _hand_in_people(page)
    page.click("main form[action*='/registrations/import/']:not([action$='/drop']) button")


def _limit_to_no_event(page: Page) -> None:
    page.check("[name=scope][value=some]")
    page.click("form[data-guard] button[type=submit]")


def _give_up_administration(page: Page) -> None:
    page.check("[name=role][value=viewer]")
    page.click("form[data-guard] button[type=submit]")


SIGN_UP = send(
    "main form",
    first_name="Jördis",
    last_name="Beispiel-Namenszusatz",
    email="joerdis.beispiel-namenszusatz@verbandsgemeinde.example.org",
    organisation="Stadtverwaltung Bendorf",
)


def _sign_up_for_all(page: Page) -> None:
    for name in ("first_name", "last_name", "organisation"):
        page.fill(f"#{name}", "Beispiel")
    send("main form", email="a@example.org")(page)


def _sign_up_online(page: Page) -> None:
    page.check("[name=mode][value=online]")
    SIGN_UP(page)


VISITOR: dict[str, Stop] = {
    "certificate-asks": Stop("/certificates"),
    "certificate-genuine": Stop("{certificate}"),
    "certificate-forged": Stop("/certificates/MM-0000-0000-0000-0000-0000", 404),
    "list": Stop("/"),
    "code": Stop("{code}"),
    "code-in-capitals": Stop("{code_in_capitals}"),
    "embedded": Stop("/embed/events?lang={language}"),
    "series": Stop("/series/workshop-reihe-bewerbung-als-smart-city"),
    "standing": Stop("/series/runder-tisch/standing"),
    "standing-refused": Stop("/series/runder-tisch/standing", 422, send("main form")),
    "standing-sent": Stop("/series/runder-tisch/standing", 200, _sign_up_for_all),
    "standing-closed": Stop("/series/workshop-reihe-bewerbung-als-smart-city/standing", 409),
    "event": Stop("/events/open"),
    "event-calendars": Stop("/events/open", 200, _unfold_calendars),
    "event-full": Stop("/events/full"),
    "event-announced": Stop("/events/announced"),
    "event-past": Stop("/events/past"),
    "event-postponed": Stop("/events/postponed"),
    "event-cancelled": Stop("/events/cancelled"),
    "form": Stop("/events/open/register"),
    "form-refused": Stop("/events/open/register", 422, send("main form")),
    "form-colleagues": Stop("/events/invited/register?code=RATHAUS", 200, _register_a_colleague),
    "form-colleagues-refused": Stop("/events/invited/register", 422, _send_two_empty_people),
    "event-invited": Stop("/events/invited"),
    "form-closed": Stop("/events/closed/register", 409),
    "registered": Stop("/events/open/register", 200, SIGN_UP),
    "waits": Stop("/events/full/register", 200, _sign_up_online),
    "subscribe": Stop("/subscribe"),
    "subscribe-refused": Stop("/subscribe", 422, send("main form", email="kein")),
    "subscribed": Stop("/subscribe", 200, send("main form", email="leserin@example.org")),
    "event-materials": Stop("/events/past/materials"),
    "event-materials-none": Stop("/events/over/materials"),
    "ask-for-materials": Stop("/events/past/materials/request"),
    "ask-for-materials-refused": Stop(
        "/events/past/materials/request", 422, send("main form", email="kein")
    ),
    "ask-for-materials-closed": Stop("/events/open/materials/request", 409),
    "asked-for-materials": Stop(
        "/events/past/materials/request",
        200,
        send("main form", email="nachfrage@example.org", organisation="Stadt Kusel"),
    ),
    "notify": Stop("/events/announced/notify"),
    "notify-closed": Stop("/events/postponed/notify", 409),
    "notified": Stop("/events/announced/notify", 200, send("main form", email="a@example.org")),
    "privacy": Stop("/privacy"),
    "imprint": Stop("/imprint"),
    "accessibility": Stop("/accessibility"),
    "missing": Stop("/nichts", 404),
    "login": Stop("/login"),
    "password-forgotten": Stop("/login/reset"),
    "password-forgotten-refused": Stop("/login/reset", 422, send("main form", email="kein")),
    "password-link-sent": Stop("/login/reset", 200, send("main form", email="a@b.example")),
    "password-link-sent-page": Stop("/login/reset/sent"),
    "password-new": Stop("{password_link}"),
    "password-new-refused": Stop(
        "{password_link}", 422, send("main form", password="Password1234!", again="x")
    ),
    "password-link-gone": Stop("{password_link}x", 410),
    "login-refused": Stop("/login", 200, send("main form", email="a@b.example", password="x")),
}

ATTENDEE: dict[str, Stop] = {
    "person": Stop("{person}"),
    "person-early": Stop("{early}"),
    "person-gone": Stop("{gone}"),
    "person-waits": Stop("{waits}"),
    "person-past": Stop("{veteran}"),
    "person-postponed": Stop("{postponed_person}"),
    "person-cancelled": Stop("{cancelled_person}"),
    "own-calendar": Stop("{person}/calendar"),
    "own-calendar-sent": Stop("{person}/calendar", 200, send("main form")),
    "own-calendar-withdrawn": Stop(
        "{person}/calendar", 200, send("main form[action$='/withdraw']")
    ),
    "withdraw": Stop("{person}/cancel"),
    "delete": Stop("{gone}/delete"),
    "deleted": Stop("/deleted"),
    "room-link-comes": Stop("{person}/room"),
    "room-waiting": Stop("{early}/room"),
    "person-asks": Stop(
        "{guest}", 200, send("form[action$='/questions']", question="Gibt es die Folien?")
    ),
    "person-asks-nothing": Stop("{guest}", 422, send("form[action$='/questions']")),
    "room-open": Stop("{guest}/room"),
    "speaker": Stop("{speaker}"),
    "speaker-on-site": Stop("{speaker_on_site}"),
    "speaker-entered": Stop("{speaker}", 200, _enter_as_speaker),
    "speaker-door": Stop("{speaker_door}"),
    "speaker-gone": Stop("{speaker}x", 404),
    "upload": Stop("{upload}"),
    "upload-refused": Stop("{upload}", 422, send("main form.form", title="Ohne Datei")),
    "room-entered": Stop("{guest}/room", 200, _enter_the_room),
    "room-over": Stop("{veteran}/room"),
    "room-on-site": Stop("{visitor}/room"),
    "ticket": Stop("{visitor}/ticket"),
    "ticket-online": Stop("{person}/ticket"),
    "own-page-on-site": Stop("{visitor}"),
    "room-no-place": Stop("{waits}/room"),
    "room-called-off": Stop("{cancelled_person}/room"),
    "materials": Stop("{veteran}/materials"),
    "certificate": Stop("{veteran}/certificate"),
    "certificate-series": Stop("{veteran}/certificate/series"),
    "certificate-early": Stop("{person}/certificate"),
    "requested-materials": Stop("{granted}"),
    "requested-expired": Stop("{expired_request}", 410),
    "requested-refused": Stop("{refused_request}", 410),
    "requested-waiting": Stop("{waits_for_materials}", 410),
    "request-delete": Stop("{granted}/delete"),
    "person-after": Stop("{asked_person}"),
    "feedback": Stop("{asked_person}/feedback"),
    "feedback-refused": Stop("{asked_person}/feedback", 422, send("main form")),
    "feedback-given": Stop("{answered}/feedback"),
    "feedback-given-again": Stop("{answered}/feedback?again=1"),
    "feedback-closed": Stop("{absent}/feedback", 409),
    "materials-none": Stop("{person}/materials"),
    "link-damaged": Stop("{person}x", 404),
    "link-deleted": Stop("{deleted_person}", 410),
    "person-pending": Stop("{pending}"),
    "person-to-approve": Stop("{approval}"),
    "person-in-waiting-list": Stop("{in_waiting_list}"),
    "person-offered": Stop("{offered}"),
    "person-on-site": Stop("{on_site_guest}"),
    "person-declined": Stop("{declined}"),
    "person-expired": Stop("{expired}"),
    "person-handed-over": Stop("{handed_over}"),
    "confirm-address": Stop("{pending}/confirm"),
    "accept-offer": Stop("{offered}/accept"),
    "change-own": Stop("{person}/change"),
    "change-own-refused": Stop("{person}/change", 422, send("form.form", first_name="")),
    "change-mode": Stop("{on_site_guest}/mode"),
    "change-mode-full": Stop("{pending}/mode"),
    "change-mode-waiting": Stop("{in_waiting_list}/mode"),
    "deputy": Stop("{person}/hand-over"),
    "deputy-refused": Stop("{person}/hand-over", 422, send("form.form", email="kein")),
    "deputy-in-waiting-list": Stop("{in_waiting_list}/hand-over"),
    "delete-first-step": Stop("{person}/delete"),
    "room-on-site-hybrid": Stop("{on_site_guest}/room"),
    "person-declined-by-calendar": Stop("{declined_by_calendar}"),
    "room-not-yet-mine": Stop("{pending}/room"),
    "door-waiting": Stop("{early_door}"),
    "door-open": Stop("{guest_door}"),
    "door-no-place": Stop("{gone_door}"),
    "door-cancelled": Stop("{cancelled_door}"),
    "door-postponed": Stop("{postponed_door}"),
    "door-damaged": Stop("{guest_door}x", 404),
}

SUBSCRIBER: dict[str, Stop] = {
    "subscription-asks": Stop("{asked}"),
    "subscription-asks-event": Stop("{asked_event}"),
    "subscription-stands": Stop("{subscribed}"),
    "subscription-stands-event": Stop("{waits_for_opening}"),
    "subscription-damaged": Stop("{asked}x", 404),
    "standing-asks": Stop("{standing_asked}"),
    "standing-stands": Stop("{standing}"),
    "standing-ended": Stop("{standing_ended}"),
    "unsubscribe": Stop("{leaves}"),
    "unsubscribe-event": Stop("{leaves_event}"),
    "unsubscribe-contact": Stop("{objects}"),
    "unsubscribed": Stop("{leaves}x"),
}

ORGANISER: dict[str, Stop] = {
    "overview": Stop("/organise/"),
    "events": Stop("/organise/events"),
    "help": Stop("/organise/help"),
    "new": Stop("/organise/events/new"),
    "new-refused": Stop("/organise/events/new", 422, send("form[data-guard]")),
    "at-a-glance": Stop("/organise/events/open"),
    "at-a-glance-draft": Stop("/organise/events/draft"),
    "at-a-glance-closed": Stop("/organise/events/closed"),
    "at-a-glance-past": Stop("/organise/events/past"),
    "at-a-glance-postponed": Stop("/organise/events/postponed"),
    "at-a-glance-cancelled": Stop("/organise/events/cancelled"),
    "live": Stop("/organise/events/running/live", 200, _unfold_board),
    "live-before": Stop("/organise/events/open/live"),
    "live-over": Stop("/organise/events/over/live"),
    "live-projector": Stop("/organise/events/running/live?projector"),
    "at-a-glance-today": Stop("/organise/events/running"),
    "room-refused": Stop("/organise/events/closed", 422, _send_a_wrong_room),
    "edit": Stop("/organise/events/open/edit"),
    "date": Stop("/organise/events/open/date"),
    "date-looked-at": Stop("/organise/events/open/date", 200, _look_at_another_date),
    "date-unknown": Stop("/organise/events/open/date", 200, _look_at_no_date),
    "date-refused": Stop("/organise/events/open/date", 422, send("main form", ends_at="")),
    "date-impossible": Stop("/organise/events/cancelled/date"),
    "public-preview": Stop("/organise/events/draft/public"),
    "public-form-preview": Stop("/organise/events/draft/public/register"),
    "copy": Stop("/organise/events/open/copy"),
    "series-of-team": Stop("/organise/series/runder-tisch"),
    "series-settings": Stop("/organise/series/runder-tisch/settings"),
    "standing-list": Stop("/organise/series/runder-tisch/standing"),
    "standing-list-none": Stop("/organise/series/runder-tisch/standing?q=niemand"),
    "standing-list-off": Stop("/organise/series/workshop-reihe-bewerbung-als-smart-city/standing"),
    "standing-add": Stop("/organise/series/runder-tisch/standing/add"),
    "standing-add-refused": Stop(
        "/organise/series/runder-tisch/standing/add", 422, send("form.form", email="x")
    ),
    "standing-person": Stop("/organise/series/runder-tisch/standing/{sign_up}"),
    "standing-end": Stop("/organise/series/runder-tisch/standing/{sign_up}/end"),
    "copy-refused": Stop(
        "/organise/events/open/copy", 422, send("main form[action$='/copy']", title="")
    ),
    "form-fields": Stop("/organise/events/open/form"),
    "form-fields-none": Stop("/organise/events/full/form"),
    "form-field-new": Stop("/organise/events/open/form/new?kind=several_choices"),
    "form-field-consent": Stop("/organise/events/open/form/new?kind=consent"),
    "form-field-refused": Stop(
        "/organise/events/open/form/new?kind=one_choice", 422, _send_empty_field
    ),
    "form-field-edit": Stop("/organise/events/open/form/fields/mittagessen"),
    "form-preview": Stop("/organise/events/open/form/preview"),
    "edit-looked-at": Stop("/organise/events/open/edit", 200, _look_at_calendars),
    "edited-by-two": Stop("/organise/events/open/edit", 409, _edited_by_two),
    "calendars": Stop("/organise/events/open/calendar"),
    "calendars-tried": Stop("/organise/events/open/calendar", 200, send("#test form.tools")),
    "calendars-nobody": Stop("/organise/events/draft/calendar"),
    "links": Stop("/organise/events/open/links"),
    "links-renewed": Stop("/organise/events/people/links", 200, send("main form.post")),
    "correct": Stop("/organise/events/open/registrations/{public_id}/correct"),
    "correct-refused": Stop(
        "/organise/events/open/registrations/{public_id}/correct", 422, send("form.form", email="x")
    ),
    "correct-by-two": Stop(
        "/organise/events/open/registrations/{public_id}/correct", 409, _corrected_by_two
    ),
    "attendance": Stop("/organise/events/past/attendance"),
    "attendance-all": Stop("/organise/events/past/attendance", 200, _tick_all),
    "attendance-before": Stop("/organise/events/open/attendance"),
    "door": Stop("/organise/events/people/registrations/door"),
    "check-in": Stop("/organise/events/today/check-in"),
    "check-in-again": Stop("/organise/events/today/check-in?person={came}"),
    "check-in-without-place": Stop("/organise/events/today/check-in?person={without_place}"),
    "check-in-found": Stop("/organise/events/today/check-in?q=rathaus"),
    "check-in-wrong": Stop("/organise/events/today/check-in", 200, _scan_a_cut_code),
    "check-in-before": Stop("/organise/events/on-site/check-in"),
    "check-in-code": Stop("{code}"),
    "check-in-code-in": Stop("{code_in}"),
    "check-in-code-wrong": Stop("/c/kaputt", 404),
    "entrances": Stop("/organise/entrances"),
    "overview-today": Stop("/organise/events/today"),
    "badges": Stop("/organise/events/on-site/registrations/badges"),
    "give-seat": Stop("/organise/events/people/registrations/{in_line}/do/give_seat"),
    "registrations": Stop("/organise/events/open/registrations"),
    "registrations-past": Stop("/organise/events/past/registrations"),
    "registrations-none": Stop("/organise/events/open/registrations?q=niemand"),
    "take-off": Stop("/organise/events/open/registrations/{public_id}/do/withdraw"),
    "people": Stop("/organise/events/people/registrations"),
    "people-filtered": Stop("/organise/events/people/registrations?awaits=approval&order=name"),
    "people-open": Stop("/organise/events/people/registrations", 200, _unfold_filters),
    "people-asked": Stop("/organise/events/people/registrations", 200, _decline_everybody),
    "people-done": Stop("/organise/events/full/registrations", 200, _resend_to_everybody),
    "people-nobody": Stop("/organise/events/people/registrations", 200, _write_to_nobody),
    "people-whole": Stop("/organise/events/people/registrations?tick=whole", 200, _go_to_the_end),
    "people-write": Stop("/organise/events/people/registrations/write?person={to_approve}"),
    "person-waits-why": Stop("/organise/events/people/registrations/{in_line}"),
    "person-approval": Stop("/organise/events/people/registrations/{to_approve}"),
    "decline": Stop("/organise/events/people/registrations/{to_approve}/do/decline"),
    "decline-refused": Stop(
        "/organise/events/people/registrations/{to_approve}/do/decline", 422, send("form.form")
    ),
    "switch": Stop("/organise/events/people/registrations/{in_line}/do/switch_mode"),
    "hand-over": Stop("/organise/events/open/registrations/{public_id}/do/hand_over"),
    "hand-over-refused": Stop(
        "/organise/events/open/registrations/{public_id}/do/hand_over", 422, send("form.form")
    ),
    "add": Stop("/organise/events/people/registrations/add"),
    "add-refused": Stop(
        "/organise/events/people/registrations/add", 422, send("form[data-guard]", email="kein")
    ),
    "import": Stop("/organise/events/people/registrations/import"),
    "import-refused": Stop(
        "/organise/events/people/registrations/import", 422, send("form[enctype]")
    ),
    "import-report": Stop("/organise/events/people/registrations/import", 200, _hand_in_people),
    "import-progress": Stop("/organise/events/people/registrations/import", 200, _import_people),
    "codes": Stop("/organise/events/invited/codes"),
    "codes-none": Stop("/organise/events/open/codes"),
    "codes-refused": Stop(
        "/organise/events/invited/codes", 422, send("form[action$='/codes/shared']")
    ),
    "mail": Stop("/organise/events/open/mail/sent"),
    "mail-none": Stop("/organise/events/draft/mail/sent"),
    "one-mail": Stop("/organise/events/open/mail/{mail}"),
    "mail-filtered": Stop("/organise/events/open/mail/sent?state=failed&q=niemand"),
    "mail-failed": Stop("/organise/events/open/mail/{failed}"),
    "mail-not-corrected": Stop(
        "/organise/events/open/mail/{failed}", 422, send("form[action$='/correct']", email="kein")
    ),
    "replies": Stop("/organise/events/replies/mail/returned"),
    "replies-none": Stop("/organise/events/draft/mail/returned"),
    "replies-people": Stop("/organise/events/replies/registrations"),
    "replies-silent": Stop("/organise/events/replies/registrations?answer=none"),
    "incoming": Stop("/organise/settings/mailbox"),
    "person-unreached": Stop("/organise/events/replies/registrations/{unreached}"),
    "one-person": Stop("/organise/events/open/registrations/{public_id}"),
    "write": Stop("/organise/events/open/write"),
    "write-refused": Stop(
        "/organise/events/open/write", 422, send("form[data-guard]", body_de="{{titl}}")
    ),
    "preview": Stop("/organise/events/open/preview/dispatch"),
    "preview-with-reason": Stop(
        "/organise/events/open/do/cancel", 200, send("form[action$='/do/cancel']", reason="Sturm")
    ),
    "preview-to-subscribers": Stop("/organise/events/draft/preview/announce"),
    "follow-up-without-materials": Stop("/organise/events/over/follow-up"),
    "follow-up": Stop("/organise/events/held/follow-up"),
    "follow-up-refused": Stop(
        "/organise/events/held/follow-up", 422, send("form[action$='/do/follow_up']")
    ),
    "follow-up-sent": Stop("/organise/events/past/follow-up"),
    "follow-up-called-off": Stop("/organise/events/cancelled/follow-up"),
    "follow-up-of-those-who-waited": Stop("/organise/events/held/follow-up/waited"),
    "follow-up-supplement": Stop("/organise/events/past/follow-up/supplement"),
    "questions": Stop("/organise/events/held/questions"),
    "questions-none": Stop("/organise/events/over/questions"),
    "preview-step": Stop("/organise/events/open/steps/{own_step}/preview"),
    "plan": Stop("/organise/events/open/mail", 200, _open_the_buttons),
    "plan-blocked": Stop("/organise/events/stuck/mail"),
    "plan-draft": Stop("/organise/events/draft/mail"),
    "plan-past": Stop("/organise/events/past/mail"),
    "plan-refused": Stop(
        "/organise/events/stuck/steps/{stuck_step}", 422, send("form.form", amount="99")
    ),
    "search": Stop("/organise/search?q=bei"),
    "search-nothing": Stop("/organise/search?q=niemandsonst"),
    "drafts": Stop("/organise/events?view=drafts"),
    "past-events": Stop("/organise/events?view=past"),
    "step": Stop("/organise/events/open/steps/{own_step}"),
    "figures-of-event": Stop("/organise/events/past/figures"),
    "figures-unknown": Stop("/organise/events/over/figures"),
    "figures-before": Stop("/organise/events/open/figures"),
    "figures-year": Stop("/organise/figures/2026"),
    "figures-year-empty": Stop("/organise/figures/2019"),
    "figures-report": Stop("/organise/figures/report?from=2026-01-01&to=2026-12-31"),
    "figures-report-empty": Stop("/organise/figures/report?from=2019-01-01&to=2019-12-31"),
    "figures-series": Stop("/organise/figures/series/workshop-reihe-bewerbung-als-smart-city"),
    "handouts": Stop("/organise/events/past/materials"),
    "feedback-results": Stop("/organise/events/opinions/feedback"),
    "feedback-few": Stop("/organise/events/few-opinions/feedback"),
    "feedback-none": Stop("/organise/events/open/feedback"),
    "feedback-fields": Stop("/organise/events/opinions/feedback/form"),
    "feedback-field-new": Stop("/organise/events/opinions/feedback/form/new?kind=one_choice"),
    "feedback-preview": Stop("/organise/events/opinions/feedback/preview"),
    "handouts-refused": Stop(
        "/organise/events/over/materials", 422, send("form[action$='/slides']")
    ),
    "materials-waiting": Stop("/organise/events/spoken/materials"),
    "material-new": Stop("/organise/events/past/materials/contact"),
    "material-refused": Stop("/organise/events/past/materials/link", 422, send("form[data-guard]")),
    "material-edit": Stop("/organise/events/past/materials/{file}/edit"),
    "material-people": Stop("/organise/events/past/materials/{note}/people"),
    "material-remove": Stop("/organise/events/past/materials/{file}/remove"),
    "speakers": Stop("/organise/events/spoken/speakers"),
    "speakers-none": Stop("/organise/events/open/speakers"),
    "speaker-new": Stop("/organise/events/spoken/speakers/new"),
    "speaker-refused": Stop(
        "/organise/events/spoken/speakers/new", 422, send("form[data-guard]", name="")
    ),
    "speaker-edit": Stop("/organise/events/spoken/speakers/{speaker_id}"),
    "speaker-briefing": Stop("/organise/events/spoken/speakers/{speaker_id}/briefing"),
    "speaker-remove": Stop("/organise/events/spoken/speakers/{speaker_id}/remove"),
    "history": Stop("/organise/events/cancelled/history"),
    "texts": Stop("/organise/events/open/mail/texts"),
    "texts-series": Stop("/organise/events/open/series-texts"),
    "text": Stop("/organise/events/open/mail/texts/confirmation"),
    "text-series": Stop("/organise/events/open/series-texts/moved"),
    "text-refused": Stop(
        "/organise/events/open/mail/texts/moved", 422, send("form[data-guard]", body_de="{{titl}}")
    ),
    "text-shown": Stop("/organise/events/open/mail/texts/access_link", 200, _show_the_mail),
    "text-by-two": Stop("/organise/events/open/mail/texts/waitlist", 409, _text_by_two),
    "ask-cancel": Stop("/organise/events/open/do/cancel"),
    "ask-cancel-refused": Stop(
        "/organise/events/open/do/cancel", 409, send("form[action$='/do/cancel']")
    ),
    "ask-reschedule": Stop("/organise/events/postponed/do/reschedule"),
    "not-possible": Stop("/organise/events/past/do/cancel", 409),
    "administrations": Stop(DIRECTORY),
    "administrations-none": Stop(f"{DIRECTORY}?q=niemand"),
    "administration": Stop(f"{DIRECTORY}/{{administration}}"),
    "administration-new": Stop(f"{DIRECTORY}/new"),
    "administration-refused": Stop(
        f"{DIRECTORY}/new",
        422,
        send("form[data-guard]", member_since="2026-01-01"),
    ),
    "administration-delete": Stop(f"{DIRECTORY}/{{administration}}/delete"),
    "administrations-import": Stop(f"{DIRECTORY}/import"),
    "administrations-checked": Stop(f"{DIRECTORY}/import", 200, _check_a_list),
    "administrations-refused": Stop(f"{DIRECTORY}/import", 422, _send_a_wrong_list),
    "unmatched": Stop("/organise/contacts/unmatched"),
    "unmatched-left": Stop("/organise/contacts/unmatched?left=1"),
    "unmatched-people": Stop("/organise/contacts/unmatched/people?key=lautersheim"),
    "unmatched-refused": Stop(
        "/organise/contacts/unmatched/people?key=lautersheim",
        422,
        send("form[action$='/decide']"),
    ),
    "subscribers": Stop("/organise/contacts/subscribers"),
    "subscribers-none": Stop("/organise/contacts/subscribers?q=niemand"),
    "subscriber-remove": Stop("/organise/contacts/subscribers/{subscriber}/remove"),
    "contacts": Stop(CONTACTS),
    "contacts-unchecked": Stop(f"{CONTACTS}?show=unchecked"),
    "contacts-none": Stop(f"{CONTACTS}?q=niemand"),
    "contact-new": Stop(f"{CONTACTS}/new"),
    "contact-refused": Stop(f"{CONTACTS}/new", 422, send("form[data-guard]", email="kein")),
    "contact": Stop(f"{CONTACTS}/{{contact}}"),
    "contact-remove": Stop(f"{CONTACTS}/{{contact}}/remove"),
    "contacts-import": Stop(f"{CONTACTS}/import"),
    "contacts-report": Stop(f"{CONTACTS}/import", 200, _check_contacts),
    "contacts-import-refused": Stop(f"{CONTACTS}/import", 422, send("form[enctype]")),
    "own-account": Stop("/organise/account"),
    "own-account-refused": Stop(
        "/organise/account", 422, send("form[action$='/account/password']", present="falsch")
    ),
    "organiser-missing": Stop("/organise/events/nichts", 404),
}

VIEWER: dict[str, Stop] = {
    "viewer-at-a-glance": Stop("/organise/events/open"),
    "viewer-administrations": Stop(DIRECTORY),
    "viewer-replies": Stop("/organise/events/replies/mail/returned"),
    "viewer-speakers": Stop("/organise/events/spoken/speakers"),
    "viewer-plan": Stop("/organise/events/stuck/mail"),
    "viewer-preview": Stop("/organise/events/open/steps/{own_step}/preview"),
    "viewer-account": Stop("/organise/account"),
    "viewer-forbidden": Stop("/organise/events/new", 403),
}

DOOR: dict[str, Stop] = {
    "door-start": Stop("/organise/entrances"),
    "door-check-in": Stop("/organise/events/today/check-in"),
    "door-code": Stop("{code}"),
    "door-forbidden": Stop("/organise/events", 403),
}

DEMO: dict[str, Stop] = {
    "caught": Stop("/demo/"),
    "caught-mail": Stop("/demo/mails/1"),
    "trial-room": Stop("/demo/rooms/"),
}

ADMIN: dict[str, Stop] = {
    "organisation": Stop("/organise/settings/organisation"),
    "organisation-refused": Stop(
        "/organise/settings/organisation", 422, send("form[data-guard]", accent="#fc0")
    ),
    "rooms": Stop("/organise/settings/rooms"),
    "rooms-refused": Stop(
        "/organise/settings/rooms",
        422,
        send("form.form:has(input[value=bbb])", **{"bbb-url": "https://localhost/"}),
    ),
    "retention": Stop("/organise/settings/retention"),
    "retention-record": Stop("/organise/settings/retention/1"),
    "mailbox": Stop("/organise/settings/mailbox"),
    "installation-texts": Stop("/organise/settings/texts"),
    "installation-text": Stop("/organise/settings/texts/follow_up"),
    "accounts": Stop("/organise/settings/accounts"),
    "account-invite": Stop("/organise/settings/accounts/invite"),
    "account-invite-refused": Stop(
        "/organise/settings/accounts/invite", 422, send("form[data-guard]", email="kein")
    ),
    "account-limited": Stop("/organise/settings/accounts/{limited_account}"),
    "account-disabled": Stop("/organise/settings/accounts/{disabled_account}"),
    "account-refused": Stop(
        "/organise/settings/accounts/{disabled_account}", 422, _limit_to_no_event
    ),
    "account-last-administrator": Stop(
        "/organise/settings/accounts/{own_account}", 409, _give_up_administration
    ),
}

WHO: dict[str, dict[str, Stop]] = {
    "visitor": {**VISITOR, **ATTENDEE, **SUBSCRIBER},
    "organiser": ORGANISER,
    "viewer": VIEWER,
    "door": DOOR,
    "admin": ADMIN,
}

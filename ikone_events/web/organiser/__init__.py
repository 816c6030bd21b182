"""The organisers' pages, all under /organise and all behind the login."""

from ikone_events.web.organiser import handbook, moved
from ikone_events.web.organiser.accounts import accounts, own_account
from ikone_events.web.organiser.calendars import calendar_page
from ikone_events.web.organiser.directory import (
    administrations,
    contact_form,
    contact_lists,
    contacts,
)
from ikone_events.web.organiser.directory import form as administrations_form
from ikone_events.web.organiser.directory import importing as administrations_import
from ikone_events.web.organiser.directory import unmatched as administrations_unmatched
from ikone_events.web.organiser.events import (
    actions,
    announcing,
    briefing,
    changing_date,
    copying,
    dashboard,
    dossier,
    editing,
    event_page,
    listing,
    preview,
    public_preview,
    search,
    series,
    settling,
    speakers,
    starting,
)
from ikone_events.web.organiser.figures import event_figures, report, years
from ikone_events.web.organiser.followup import (
    feedback,
    follow_up,
    material_entry,
    materials,
    previews,
    questions,
)
from ikone_events.web.organiser.frame import blueprint, shared_blueprint
from ikone_events.web.organiser.incoming import answers
from ikone_events.web.organiser.mails import links, log, subscribers, texts
from ikone_events.web.organiser.plan import plan, step_form, step_preview, writing
from ikone_events.web.organiser.registering import (
    attendance,
    badges,
    check_in,
    check_in_code,
    check_in_presses,
    codes,
    correct,
    door,
    list_import,
    live,
    live_questions,
    person,
    person_add,
    registrations,
    resend,
    several,
    standing,
    status_actions,
    write_to,
)
from ikone_events.web.organiser.registering.form import edit as form_field_edit
from ikone_events.web.organiser.registering.form import fields as form_fields
from ikone_events.web.organiser.settings import mailbox, organisation, retention, rooms

__all__ = ["blueprint", "shared_blueprint"]

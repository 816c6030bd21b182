"""The form that edits a mail's text in both languages."""

from collections.abc import Mapping
from datetime import UTC, datetime

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField

from ikone_events.domain.mails.edited_text import MOST_BODY, EditedText
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.words import LOCALES
from ikone_events.services.mails.texts import NO_TEXT, TextChange, check_edited, is_own
from ikone_events.store.mails.models import MailText
from ikone_events.web.organiser.frame import show_complaints
from ikone_events.web.shell.forms import LineField, TextField
from ikone_events.web.shell.interrupted import TeamForm

# Matches no version: stands for an invalid mark.
_NEVER = datetime.max.replace(tzinfo=UTC)


def _subject(label: str, locale: str) -> LineField:
    return LineField(
        label, render_kw={"maxlength": 200, "autocomplete": "off", "lang": locale, "required": True}
    )


def _body(label: str, locale: str) -> TextField:
    return TextField(
        label, render_kw={"rows": 16, "maxlength": MOST_BODY, "lang": locale, "required": True}
    )


class TextForm(TeamForm):
    """Subject and body in both languages, with the versions that were edited."""

    subject_de = _subject(_l("Subject in German"), "de")
    body_de = _body(_l("Text in German"), "de")
    subject_en = _subject(_l("Subject in English"), "en")
    body_en = _body(_l("Text in English"), "en")
    seen_de = HiddenField()
    seen_en = HiddenField()
    sample = SelectField(_l("Show it for"), validate_choice=False)


def seen_mark(row: MailText | None) -> str:
    """Return the version of a row for a form's hidden field; "" if there is no row yet."""
    return row.changed_at.isoformat() if row else ""


def read_mark(mark: str | None) -> datetime | None:
    """Return the version in a form's hidden field; an invalid one matches no version."""
    if not mark:
        return None
    try:
        seen = datetime.fromisoformat(mark)
    except ValueError:
        return _NEVER
    return seen if seen.tzinfo else _NEVER


def typed_text(form: TextForm, locale: str) -> EditedText:
    """Return the text of the form with uniform line ends."""
    subject = str(form[f"subject_{locale}"].data or "").strip()
    body = str(form[f"body_{locale}"].data or "")
    lines = (line.rstrip() for line in body.split("\n"))
    return EditedText(subject, "\n".join(lines).strip("\n"))


def whole(text: EditedText) -> str:
    """Return subject and body as they stand below each other."""
    return f"{text.subject}\n\n{text.body}\n"


def changes_of(form: TextForm, current: Mapping[str, EditedText]) -> list[TextChange]:
    """Return the texts that differ from the current ones."""
    return [
        TextChange(locale, text, read_mark(form[f"seen_{locale}"].data))
        for locale in LOCALES
        if (text := typed_text(form, locale)) != current[locale]
    ]


def check_texts(form: TextForm, kind: str, current: Mapping[str, EditedText]) -> bool:
    """Whether both texts can be saved in place of the current ones; adds complaints to the fields.

    The English text of an organiser's own message may be empty: the German one is sent instead.
    """
    good = True
    for locale in LOCALES:
        text = typed_text(form, locale)
        if is_own(kind) and locale == "en" and text == NO_TEXT:
            continue
        try:
            check_edited(kind, text, current.get(locale))
        except UnfitInput as refusal:
            show_complaints(form, refusal.complaints, suffix=f"_{locale}")
            good = False
    return good

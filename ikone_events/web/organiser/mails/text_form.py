"""The editor of a mail's text in both languages: a form that any page can hold."""

from collections.abc import Mapping
from datetime import UTC, datetime

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField

from ikone_events.domain.mails.edited_text import MOST_BODY, EditedText, check_text
from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.services.mails.texts import LOCALES, NO_TEXT, TextChange, is_own
from ikone_events.store.mails.texts import MailText
from ikone_events.web.shell.i18n import translate

# A mark that nobody was given matches no version.
_NEVER = datetime.max.replace(tzinfo=UTC)


def _subject(label: str, locale: str) -> StringField:
    return StringField(
        label, render_kw={"maxlength": 200, "autocomplete": "off", "lang": locale, "required": True}
    )


def _body(label: str, locale: str) -> TextAreaField:
    return TextAreaField(
        label, render_kw={"rows": 16, "maxlength": MOST_BODY, "lang": locale, "required": True}
    )


class TextForm(FlaskForm):
    """Subject and body in both languages, with the versions they were made from."""

    subject_de = _subject(_l("Subject in German"), "de")
    body_de = _body(_l("Text in German"), "de")
    subject_en = _subject(_l("Subject in English"), "en")
    body_en = _body(_l("Text in English"), "en")
    seen_de = HiddenField()
    seen_en = HiddenField()
    sample = SelectField(_l("Show it for"), validate_choice=False)


def values_of_texts(
    texts: Mapping[str, EditedText], rows: Mapping[str, MailText | None]
) -> dict[str, str]:
    """What the form begins with: the texts by language, and the own rows they come from."""
    values: dict[str, str] = {}
    for locale in LOCALES:
        text, row = texts[locale], rows.get(locale)
        values |= {f"subject_{locale}": text.subject, f"body_{locale}": text.body}
        values[f"seen_{locale}"] = seen_mark(row)
    return values


def seen_mark(row: MailText | None) -> str:
    """The version of a row as a form carries it; empty for a text that is not there yet."""
    return row.changed_at.isoformat() if row else ""


def read_mark(mark: str | None) -> datetime | None:
    """The version that a form was made from; nonsense is one that never was."""
    if not mark:
        return None
    try:
        seen = datetime.fromisoformat(mark)
    except ValueError:
        return _NEVER
    return seen if seen.tzinfo else _NEVER


def typed_text(form: TextForm, locale: str) -> EditedText:
    """What stands in the form, line ends alike."""
    subject = str(form[f"subject_{locale}"].data or "").strip()
    body = str(form[f"body_{locale}"].data or "")
    lines = (line.rstrip() for line in body.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return EditedText(subject, "\n".join(lines).strip("\n"))


def changes_of(form: TextForm, current: Mapping[str, EditedText]) -> list[TextChange]:
    """The languages whose text differs from the one in force."""
    return [
        TextChange(locale, text, read_mark(form[f"seen_{locale}"].data))
        for locale in LOCALES
        if (text := typed_text(form, locale)) != current[locale]
    ]


def place_text(form: TextForm, locale: str, complaints: tuple[Complaint, ...]) -> None:
    """Put the complaints about one language's text at its fields."""
    for complaint in complaints:
        name = f"{complaint.about}_{locale}"
        if name in form:
            field = form[name]
            field.errors = [*field.errors, translate(complaint)]
        else:
            form.form_errors.append(translate(complaint))


def check_texts(form: TextForm, kind: str) -> bool:
    """Whether both texts can be saved; what is wrong is told at its field.

    An own message may be left without English: its readers get the German text then.
    """
    good = True
    for locale in LOCALES:
        text = typed_text(form, locale)
        if is_own(kind) and locale == "en" and text == NO_TEXT:
            continue
        try:
            check_text(kind, text)
        except UnfitInput as refusal:
            place_text(form, locale, refusal.complaints)
            good = False
    return good

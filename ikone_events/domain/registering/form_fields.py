"""An event's own form fields: kinds, choices, conditions, visibility."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ikone_events.domain.refusals import N_
from ikone_events.domain.words import plain_words

Answers = Mapping[str, Sequence[str]]
YES, NO = "yes", "no"
# Answers about food or access needs may concern health, so they are deleted early.
SHORT_KEEP_DAYS = 7
KEY_LENGTH = 40
CHOICE_KEY_LENGTH = 60


class FormName(StrEnum):
    """The form of an event that a field belongs to; keys are unique in both together."""

    REGISTRATION = "registration"
    FEEDBACK = "feedback"


class FieldKind(StrEnum):
    """What a field asks for."""

    SHORT_TEXT = "short_text"
    LONG_TEXT = "long_text"
    EMAIL = "email"
    NUMBER = "number"
    DATE = "date"
    ONE_CHOICE = "one_choice"
    SEVERAL_CHOICES = "several_choices"
    YES_NO = "yes_no"
    CONSENT = "consent"
    RATING = "rating"


KIND_LABELS: Mapping[FieldKind, str] = {
    FieldKind.SHORT_TEXT: N_("Short text"),
    FieldKind.LONG_TEXT: N_("Long text"),
    FieldKind.EMAIL: N_("E-mail address"),
    FieldKind.NUMBER: N_("Number"),
    FieldKind.DATE: N_("Date"),
    FieldKind.ONE_CHOICE: N_("One choice"),
    FieldKind.SEVERAL_CHOICES: N_("Several choices"),
    FieldKind.YES_NO: N_("Yes or no"),
    FieldKind.CONSENT: N_("Consent"),
    FieldKind.RATING: N_("Rating from 1 to 5"),
}
# Addresses, dates and consents would say whose answers they are.
_OF_FEEDBACK = (
    *(FieldKind.RATING, FieldKind.LONG_TEXT, FieldKind.SHORT_TEXT),
    *(FieldKind.ONE_CHOICE, FieldKind.SEVERAL_CHOICES, FieldKind.YES_NO),
)
CHOOSING = frozenset({FieldKind.ONE_CHOICE, FieldKind.SEVERAL_CHOICES})
# Kinds on whose answers later fields can depend.
STEERING = CHOOSING | {FieldKind.YES_NO}
YES_NO_LABELS: Mapping[str, str] = {YES: N_("Yes"), NO: N_("No")}
# The ends of a rating have words, so that nobody takes it for a school mark.
RATING_LABELS: Mapping[str, str] = {
    "1": N_("1 – not at all good"),
    **{number: number for number in ("2", "3", "4")},
    "5": N_("5 – very good"),
}

# The roles from least to most; an answer is visible to a role and to those after it.
ROLES = ("viewer", "organiser", "admin")
SEEN_BY_LABELS: Mapping[str, str] = {
    "viewer": N_("Everybody who sees the event"),
    "organiser": N_("Organisers"),
    "admin": N_("Administrators only"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChoice:
    """A choice of a field; `places` limits how many people can take it.

    `value` is stored in answers and never changes; a retired choice is not offered any more.
    `kept` is the number of people with it when the places were lowered below that: they stay.
    """

    value: str
    label: str
    label_en: str = ""
    places: int | None = None
    retired: bool = False
    kept: int | None = None

    def keeping(self, taken: int) -> "FieldChoice":
        """The choice with the number of people who have it, if there are fewer places."""
        over = self.places is not None and taken > self.places
        return replace(self, kept=taken if over else None)

    def label_in(self, locale: str) -> str:
        """The label in a language, else in German."""
        return (locale == "en" and self.label_en) or self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnField:
    """An own field of an event's form.

    A draft has no `key`. `version` is that of a consent's text, `full` the choices without places
    left for this person.
    """

    key: str = ""
    form: FormName = FormName.REGISTRATION
    kind: FieldKind
    label: str
    label_en: str = ""
    help: str = ""
    help_en: str = ""
    required: bool = False
    choices: tuple[FieldChoice, ...] = ()
    shown_if: str = ""
    shown_value: str = ""
    keep_days: int | None = None
    seen_by: str = ROLES[0]
    retired: bool = False
    version: int | None = None
    full: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The name in forms."""
        return f"f_{self.key}"

    def label_in(self, locale: str) -> str:
        """The label in a language, else in German."""
        return (locale == "en" and self.label_en) or self.label

    def help_in(self, locale: str) -> str:
        """The help in a language, else in German."""
        return (locale == "en" and self.help_en) or self.help

    def values(self) -> tuple[str, ...]:
        """The values on which other fields can depend, in order."""
        if self.kind is FieldKind.YES_NO:
            return YES, NO
        return tuple(choice.value for choice in self.choices)

    def choice(self, value: str) -> FieldChoice | None:
        """The choice with a value, also a retired one."""
        return next((choice for choice in self.choices if choice.value == value), None)


def key_of(label: str, taken: Collection[str], *, longest: int = KEY_LENGTH) -> str:
    """A unique key of a-z, 0-9 and _ made from a label."""
    base = plain_words(label, "_")[: longest - 4].strip("_") or "field"
    if base not in taken:
        return base
    return next(f"{base}_{n}" for n in range(2, len(taken) + 3) if f"{base}_{n}" not in taken)


def is_key(text: str) -> bool:
    """Whether a text is a valid key of a field or a choice."""
    return re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", text) is not None and len(text) <= KEY_LENGTH


def is_shown(field: OwnField, answers: Answers) -> bool:
    """Whether the condition of a field is met by the answers."""
    return not field.shown_if or field.shown_value in answers.get(field.shown_if, ())


def kept_answers(fields: Iterable[OwnField], answers: Answers) -> dict[str, list[str]]:
    """The answers to shown fields; all others are dropped.

    Fields must be in form order: a field that depends on a hidden one is hidden.
    """
    kept: dict[str, list[str]] = {}
    for field in fields:
        given = [value for value in dict.fromkeys(answers.get(field.key, ())) if value]
        if given and is_shown(field, kept):
            kept[field.key] = given if field.kind is FieldKind.SEVERAL_CHOICES else given[:1]
    return kept


def open_fields(fields: Iterable[OwnField], answers: Answers) -> tuple[OwnField, ...]:
    """The required fields, in form order, that are shown with these answers and have none."""
    asked = tuple(fields)
    kept = kept_answers(asked, answers)
    return tuple(
        field
        for field in asked
        if field.required and is_shown(field, kept) and field.key not in kept
    )


def kinds_of(form: FormName) -> tuple[FieldKind, ...]:
    """The kinds of fields that a form may have, in the order of their list."""
    if form is FormName.FEEDBACK:
        return _OF_FEEDBACK
    return tuple(kind for kind in FieldKind if kind is not FieldKind.RATING)


def roles_up_to(role: str) -> tuple[str, ...]:
    """The roles up to this one; empty for an unknown role."""
    return ROLES[: ROLES.index(role) + 1] if role in ROLES else ()


def visible_to(role: str, fields: Iterable[OwnField]) -> list[OwnField]:
    """The fields whose answers a role may see."""
    return [field for field in fields if field.seen_by in roles_up_to(role)]


def answer_words(field: OwnField, value: str, locale: str) -> str:
    """The display text of a stored answer; Yes and No are message ids."""
    if field.kind in CHOOSING:
        choice = field.choice(value)
        return choice.label_in(locale) if choice else value
    if field.kind in (FieldKind.YES_NO, FieldKind.CONSENT):
        return YES_NO_LABELS.get(value, value)
    return value

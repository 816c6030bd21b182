"""Checks of own fields, and of changes to them once people have answered."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from ikone_events.domain.header_text import normal_line, normal_text, stored_text_complaints
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.form_fields import (
    CHOOSING,
    ROLES,
    STEERING,
    FieldChoice,
    FieldKind,
    FormName,
    OwnField,
    kinds_of,
    visible_to,
)

LABEL_LENGTH, CONSENT_LENGTH, HELP_LENGTH, CHOICE_LENGTH = 200, 2000, 1000, 200
MOST_FIELDS, MOST_CHOICES, MOST_PLACES, MOST_DAYS = 50, 60, 100_000, 3650
_TO_CHOOSE = {FieldKind.ONE_CHOICE: 2, FieldKind.SEVERAL_CHOICES: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldContext:
    """The context of a change: the other fields, and the answers so far.

    `before` are the preceding fields, `hanging` the fields that depend on this one. `old` is the
    stored field, `answered` its values in answers, `role` the role of the user.
    """

    before: Sequence[OwnField] = ()
    hanging: Sequence[OwnField] = ()
    old: OwnField | None = None
    has_answers: bool = False
    answered: Collection[str] = ()
    role: str = ROLES[-1]


def plain_field(draft: OwnField) -> OwnField:
    """A draft in its normal form, without the values that its kind does not use."""
    label = normal_text if draft.kind is FieldKind.CONSENT else _joined_line
    if draft.form is FormName.FEEDBACK:  # its answers belong to nobody
        unlimited = tuple(replace(choice, places=None) for choice in draft.choices)
        draft = replace(draft, keep_days=None, seen_by=ROLES[0], choices=unlimited)
    return replace(
        draft,
        label=label(draft.label),
        label_en=label(draft.label_en),
        help=normal_text(draft.help),
        help_en=normal_text(draft.help_en),
        choices=tuple(map(_plain_choice, draft.choices)) if draft.kind in CHOOSING else (),
        shown_value=draft.shown_value if draft.shown_if else "",
    )


def _joined_line(text: str) -> str:
    return normal_line(" ".join(text.split()))


def _plain_choice(choice: FieldChoice) -> FieldChoice:
    return replace(choice, label=normal_line(choice.label), label_en=normal_line(choice.label_en))


def field_complaints(draft: OwnField, around: FieldContext) -> list[Complaint]:
    """All complaints about a field, by the names of its form."""
    return [
        *_text_complaints(draft),
        *_value_complaints(draft),
        *(_choice_complaints(draft) if draft.kind in CHOOSING else ()),
        *_condition_complaints(draft, around.before),
        *_change_complaints(draft, around),
    ]


def _text_complaints(draft: OwnField) -> Iterator[Complaint]:
    if not draft.label.strip():
        yield Complaint(N_("Please enter what the field asks for."), about="label")
    most = CONSENT_LENGTH if draft.kind is FieldKind.CONSENT else LABEL_LENGTH
    lengths = {"label": most, "label_en": most, "help": HELP_LENGTH, "help_en": HELP_LENGTH}
    for name, limit in lengths.items():
        yield from stored_text_complaints(getattr(draft, name), limit, name)


def _value_complaints(draft: OwnField) -> Iterator[Complaint]:
    if draft.kind not in kinds_of(draft.form):
        yield Complaint(
            N_("This form has no such fields. Please choose another kind."), about="kind"
        )
    if draft.kind is FieldKind.CONSENT and draft.required:
        text = N_("A consent that people must give is none (Art. 7 (4) GDPR). Leave it optional.")
        yield Complaint(text, about="required")
    if draft.keep_days is not None and not 0 <= draft.keep_days <= MOST_DAYS:
        text = N_("Please enter a number of days between 0 and 3650.")
        yield Complaint(text, about="keep_days")
    if draft.seen_by not in ROLES:
        yield Complaint(N_("Please choose one of the answers on offer."), about="seen_by")


def _choice_complaints(draft: OwnField) -> Iterator[Complaint]:
    offered = [choice for choice in draft.choices if not choice.retired]
    if len(offered) < _TO_CHOOSE[draft.kind]:
        yield Complaint(N_("Please enter what people can choose from."), about="choices")
    if len(draft.choices) > MOST_CHOICES:
        text = N_("At most %(limit)d choices, please.")
        yield Complaint(text, {"limit": MOST_CHOICES}, "choices")
    labels = [choice.label.casefold() for choice in offered]
    if len(set(labels)) < len(labels):
        yield Complaint(N_("Two choices have the same words."), about="choices")
    for choice in draft.choices:
        yield from stored_text_complaints(choice.label, CHOICE_LENGTH, "choices")
        yield from stored_text_complaints(choice.label_en, CHOICE_LENGTH, "choices")
        yield from _unfit_places(choice)


def _unfit_places(choice: FieldChoice) -> Iterator[Complaint]:
    if choice.places is not None and not 0 <= choice.places <= MOST_PLACES:
        text = N_("Please enter a number of places between 0 and 100,000, or none for no limit.")
        yield Complaint(text, about="choices")


def _condition_complaints(draft: OwnField, before: Sequence[OwnField]) -> Iterator[Complaint]:
    if not draft.shown_if:
        return
    steering = next((field for field in before if field.key == draft.shown_if), None)
    if steering is None or steering.kind not in STEERING:
        text = N_("A field can only depend on a choice, or on a yes or no, that is asked before.")
        yield Complaint(text, about="condition")
    elif draft.shown_value not in steering.values():
        yield Complaint(N_("Please choose one of the answers on offer."), about="condition")


def _change_complaints(draft: OwnField, around: FieldContext) -> Iterator[Complaint]:
    old = around.old
    if old is None:
        return
    sees = visible_to(around.role, [old])
    if draft.seen_by != old.seen_by and around.has_answers and not sees:
        text = N_("People have answered for other eyes than yours, so who sees it stays as it is.")
        yield Complaint(text, about="seen_by")
    if draft.kind is not old.kind and around.has_answers:
        text = N_("People have answered already, so the kind stays as it is.")
        yield Complaint(text, about="kind")
        return
    gone = [value for value in old.values() if value not in draft.values()]
    for value in gone:
        label = (old.choice(value) or FieldChoice(value=value, label=value)).label
        if value in around.answered:
            text = N_("“%(choice)s” has been chosen. Mark it as no longer offered instead.")
            yield Complaint(text, {"choice": label}, "choices")
        for field in around.hanging:
            if field.shown_value == value:
                text = N_("“%(choice)s” can't go: “%(field)s” is shown only with it.")
                yield Complaint(text, {"choice": label, "field": field.label}, "choices")


def order_complaint(fields: Sequence[OwnField]) -> Complaint | None:
    """Why the order is invalid (a field precedes the one it depends on), or None."""
    seen: set[str] = set()
    labels = {field.key: field.label for field in fields}
    for field in fields:
        if field.shown_if and field.shown_if not in seen:
            text = N_("“%(field)s” hangs on “%(other)s”, so it must come after it.")
            other = labels.get(field.shown_if, field.shown_if)
            return Complaint(text, {"field": field.label, "other": other})
        seen.add(field.key)
    return None

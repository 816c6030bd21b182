"""What a dossier says of an event: everything a successor needs, and nobody who registered.

A name or an address of an attendee that organisers have typed into a text is redacted, as long as
it is known whose it is.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import select

from ikone_events.domain.events.actions import label_of_action
from ikone_events.domain.figures.press import press_sentence
from ikone_events.domain.mails.audiences import AUDIENCE_LABELS
from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import FOLLOW_UPS, LABELS, MailKind
from ikone_events.domain.refusals import N_
from ikone_events.mail.writing.templates import starting_text
from ikone_events.services.figures.events import figures_of
from ikone_events.services.mails.texts import find_text, from_snapshot, is_own
from ikone_events.services.plan.plans import DONE, EXPIRED, MOOT, PLAN, SKIPPED
from ikone_events.services.privacy.redaction import names_of, redact
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import history_of
from ikone_events.store.followup.answers import published_answers
from ikone_events.store.mails.models import Mailing
from ikone_events.store.plan.models import Step

_ACTORS = {"system": N_("Automatically"), PLAN: N_("done automatically")}
# Mails to one person each, which are in no mailing; a text of them is always in force.
_SINGLE = (MailKind.CONFIRMATION, MailKind.WAITLIST, MailKind.WITHDRAWAL)
OUTCOME_LABELS = {
    DONE: N_("done"),
    SKIPPED: N_("left out by hand"),
    EXPIRED: N_("came too late"),
    MOOT: N_("not needed any more"),
    "": N_("still to come"),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: when, what (message id), by whom and why."""

    at: datetime
    label: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step of the plan; labels are message ids unless organisers named the step."""

    due_at: datetime
    label: str
    audience: str
    outcome: str


@dataclass(frozen=True, slots=True)
class SentText:
    """One version of a text of a mail with placeholders; when it was sent to many, and to whom.

    Without a time it is a mail to single persons, whenever there was a cause.
    """

    label: str
    audience: str
    subject: str
    body: str
    sent_at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class DossierFile:
    """A material with its name inside the dossier; "" for what has no file."""

    material: Material
    name: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """All of it; `figures` by message id, None where something is not known.

    `press` is the sentence for the press, "" without one; `rules` says how was counted; `answers`
    are the published questions, each with its answer.
    """

    event: Event
    history: list[Decision]
    steps: list[PlanStep]
    texts: list[SentText]
    figures: list[tuple[str, int | None]]
    press: str
    rules: str
    files: list[DossierFile]
    answers: list[tuple[str, str]]


def read_dossier(event: Event, *, locale: str, now: datetime) -> Dossier:
    """Collect what the dossier of an event says, texts of mails in this language."""
    figures = figures_of(event, now=now)
    redacted = partial(redact, names=names_of(event))
    return Dossier(
        event=event,
        history=[
            Decision(row.at, label_of_action(row.action), _who(row.actor), redacted(row.reason))
            for row in history_of(event)
        ],
        steps=_steps_of(event),
        texts=[*_mailings_of(event, locale, redacted), *_singles_of(event, locale, redacted)],
        figures=figures.labelled(),
        press=press_sentence(figures, event, locale),
        rules=figures.rules.get(locale, ""),
        files=name_files(m for m in event.materials if not m.scan),
        answers=[
            (redacted(each.question), redacted(each.answer)) for each in published_answers(event)
        ],
    )


def _who(actor: str) -> str:
    return _ACTORS.get(actor, actor)


def _steps_of(event: Event) -> list[PlanStep]:
    rows = db.session.scalars(
        select(Step).where(Step.event_id == event.id, Step.active).order_by(Step.due_at, Step.id)
    )
    return [
        PlanStep(
            step.outcome_at or step.due_at,
            step.title or (label_of_action(step.action) if step.action else _kind_label(step.kind)),
            _audience_label(step.audience),
            OUTCOME_LABELS.get(step.outcome, step.outcome),
        )
        for step in rows
    ]


def _kind_label(kind: str) -> str:
    known: Mapping[str, str] = {each.value: label for each, label in LABELS.items()}
    return known.get(kind, kind)


def _audience_label(audience: str) -> str:
    known: Mapping[str, str] = {each.value: label for each, label in AUDIENCE_LABELS.items()}
    return known.get(audience, "")


def _mailings_of(event: Event, locale: str, redacted: Callable[[str], str]) -> list[SentText]:
    """The texts of mailings; one that was sent several times without a change stands once."""
    rows = db.session.scalars(
        select(Mailing)
        .where(Mailing.event_id == event.id, Mailing.last_id > 0)
        .order_by(Mailing.created_at, Mailing.id)
    )
    found: dict[tuple[str, str, str, str], list[datetime]] = {}
    for mailing in rows:
        follows_up = mailing.kind == MailKind.FOLLOW_UP.value
        for kind in FOLLOW_UPS if follows_up else (mailing.kind,):
            text = from_snapshot(mailing.texts, locale, kind) or _standard(kind, locale)
            title = mailing.step.title if mailing.step else ""
            label = (kind == mailing.kind and title) or _kind_label(kind)
            key = (label, _audience_label(mailing.audience), text.subject, text.body)
            found.setdefault(key, []).append(mailing.due_at or mailing.created_at)
    return [
        SentText(label, audience, redacted(subject), redacted(body), tuple(moments))
        for (label, audience, subject, body), moments in found.items()
    ]


def _standard(kind: str, locale: str) -> EditedText:
    if is_own(kind) or kind not in list(MailKind):
        return EditedText("", "")
    return starting_text(MailKind(kind), locale)


def _singles_of(event: Event, locale: str, redacted: Callable[[str], str]) -> list[SentText]:
    texts = []
    for kind in _SINGLE:
        text = find_text(event, kind.value, locale) or starting_text(kind, locale)
        texts.append(SentText(LABELS[kind], "", redacted(text.subject), redacted(text.body), ()))
    return texts


def name_files(materials: Iterable[Material]) -> list[DossierFile]:
    """Materials with names of files that are safe on any system; a number keeps them apart."""
    return [
        DossierFile(material, f"{number:02d}-{_safe(material.file_name)}")
        if material.stored_name
        else DossierFile(material, "")
        for number, material in enumerate(materials, start=1)
    ]


def _safe(file_name: str) -> str:
    """Letters, digits and a few signs; the end, which says what it is, always stays."""
    stem, dot, ending = file_name.rpartition(".")
    stem, ending = (stem, ending) if dot else (ending, "")
    words = "".join(c if c.isalnum() or c in " -_()" else "_" for c in stem).strip(" _")
    kind = "".join(c for c in ending if c.isascii() and c.isalnum()).lower()[:8]
    return f"{words[:80] or 'file'}{'.' if kind else ''}{kind}"

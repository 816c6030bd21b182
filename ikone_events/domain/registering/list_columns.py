"""The columns of a list of people, recognised by German or English headings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ikone_events.domain.directory.administrations import key_of
from ikone_events.domain.refusals import N_, Complaint, UploadRefused
from ikone_events.domain.registering.form_fields import FieldKind, OwnField

_NEEDED: Mapping[str, str] = {
    "first_name": N_("There is no column “First name”."),
    "last_name": N_("There is no column “Last name”."),
    "email": N_("There is no column “E-mail address”."),
}
# What names a person.
NAMED = tuple(_NEEDED)
# Headings as `key_of` leaves them: lower case, no hyphens, umlauts as two letters.
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "first_name": ("vorname", "vornamen", "rufname", "first name", "firstname", "given name"),
    "last_name": (
        *("nachname", "name", "familienname", "zuname"),
        *("last name", "lastname", "surname", "family name"),
    ),
    "email": (
        *("e mail", "email", "mail", "e mail adresse", "email adresse", "mailadresse"),
        *("e mail address", "email address", "dienstliche e mail adresse"),
        *("work e mail address",),
    ),
    "organisation": (
        *("verwaltung", "organisation", "organization", "behoerde", "dienststelle"),
        *("institution", "kommune", "administration", "verwaltung oder organisation"),
        *("administration or organisation",),
    ),
    "salutation": ("anrede", "salutation", "form of address"),
    "title": ("titel", "akademischer titel", "title", "academic title"),
    "position": (
        *("funktion", "position", "amt", "abteilung", "amt oder funktion", "function"),
        *("department", "department or position", "job title"),
    ),
    "question": ("frage", "fragen", "question", "questions"),
    "mode": ("modus", "teilnahme", "teilnahmeart", "mode", "way of taking part"),
    "locale": ("sprache", "language", "locale"),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Cell indexes by column name and by key of own fields, and the unknown headings."""

    places: Mapping[str, int]
    own: Mapping[str, int]
    left_out: tuple[str, ...]


def recognise(
    headings: Sequence[str],
    fields: Iterable[OwnField] = (),
    *,
    needed: Collection[str] = NAMED,
    more: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Columns:
    """Find the columns by their headings, also `more` ones; raises UploadRefused.

    Consents can't be imported: people must agree themselves.
    """
    names = {key: name for name, keys in {**_HEADINGS, **more}.items() for key in keys}
    own = _own_headings(fields)
    found: dict[str, int] = {}
    found_own: dict[str, int] = {}
    left_out: list[str] = []
    keys = [key_of(heading) for heading in headings]
    for place, (heading, key) in enumerate(zip(headings, keys, strict=True)):
        if key == "administration" and "organisation" in keys:  # our own export has both
            left_out.append(heading)
            continue
        # Own fields come second, so that none can replace the e-mail address.
        target, name = (found, names[key]) if key in names else (found_own, own.get(key, ""))
        if not name:
            left_out.extend([heading] if heading else [])
        elif name in target:
            text = N_("Two columns are called alike: “%(heading)s”. Please take one out.")
            raise UploadRefused(Complaint(text, {"heading": heading[:80]}, "file"))
        else:
            target[name] = place
    _check_needed(found, needed)
    return Columns(found, found_own, tuple(left_out))


def _own_headings(fields: Iterable[OwnField]) -> dict[str, str]:
    """Own fields by normalised heading: f_<key>, or a label that is unique."""
    asked = [own for own in fields if own.kind is not FieldKind.CONSENT]
    found: dict[str, str] = {}
    for own in asked:
        for label in (own.label, own.label_en):
            key = key_of(label)
            found[key] = "" if key in found and found[key] != own.key else own.key
    return {**found, **{key_of(own.name): own.key for own in asked}}


def _check_needed(found: Mapping[str, int], needed: Collection[str]) -> None:
    lacking = (name for name in _NEEDED if name in needed and name not in found)
    missing = [Complaint(_NEEDED[name], about="file") for name in lacking]
    if missing:
        raise UploadRefused(missing)

"""Salutations of mails in German and English, with the highest title only.

"divers" and no statement are greeted by the full name. An own salutation ("Sehr geehrte Frau
Oberbürgermeisterin,") overrides the rules.
"""

import re

from ikone_events.domain.refusals import N_

SALUTATION_LABELS = {
    "": N_("Not stated"),
    "frau": N_("Ms"),
    "herr": N_("Mr"),
    "divers": N_("Mx"),
}
_PROFESSOR = re.compile(r"(?<![\w-])Prof(essor(in)?)?(?![^\W\d_])", re.IGNORECASE)
_DOCTOR = re.compile(r"(?<![\w-])(Dr|Doktor(in)?)(?![^\W\d_])", re.IGNORECASE)


def mail_salutation(
    *, salutation: str, title: str, first_name: str, last_name: str, locale: str, override: str = ""
) -> str:
    """The first line of a mail with its closing comma."""
    if override.strip():
        return _closed(override.strip())
    greet = _german if locale == "de" else _english
    known = salutation if last_name.strip() else ""
    words = greet(known, title, first_name, last_name)
    return " ".join(" ".join(words).split()) + ","


def full_name(title: str, first_name: str, last_name: str) -> str:
    """Title, first and last name in one line, without double spaces."""
    return " ".join(f"{title} {first_name} {last_name}".split())


def _german(salutation: str, title: str, first_name: str, last_name: str) -> tuple[str, ...]:
    rank = _rank(title)
    if salutation == "frau":
        return ("Sehr geehrte Frau", "Professorin" if rank == "Prof." else rank, last_name)
    if salutation == "herr":
        return ("Sehr geehrter Herr", "Professor" if rank == "Prof." else rank, last_name)
    return ("Guten Tag", rank, first_name, last_name)


def _english(salutation: str, title: str, first_name: str, last_name: str) -> tuple[str, ...]:
    rank = {"Prof.": "Professor"}.get(_rank(title), _rank(title))
    if salutation == "frau":
        return ("Dear", rank or "Ms", last_name)
    if salutation == "herr":
        return ("Dear", rank or "Mr", last_name)
    if not f"{first_name}{last_name}".strip():
        return ("Hello",)
    return ("Dear", rank, first_name, last_name)


def _rank(title: str) -> str:
    """The highest title in a salutation: "Prof.", else "Dr."; Dipl.-, B. A., M. A. are left out."""
    if _PROFESSOR.search(title):
        return "Prof."
    return "Dr." if _DOCTOR.search(title) else ""


def _closed(line: str) -> str:
    return line if line.endswith((",", "!", ".")) else f"{line},"

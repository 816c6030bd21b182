"""From what somebody typed to the administration they mean, and the names it is found by."""

from collections.abc import Iterable

from ikone_events.domain.directory.administrations import Name, names_of
from ikone_events.store.directory.models import Organisation, OrganisationName
from ikone_events.store.directory.naming import find_by_name


def match(text: str) -> Organisation | None:
    """The one body that goes by this name; None when there is none, or more than one.

    One indexed query, built once: every registration asks it while it holds the event.
    """
    return find_by_name(text)


def keep_names(organisation: Organisation, aliases: Iterable[str] | None = None) -> bool:
    """Write the names that follow from a body's columns; None keeps its aliases.

    Only rows that differ are touched. Returns whether there were any.
    """
    texts = organisation.aliases if aliases is None else aliases
    wanted = {
        name.key: name
        for name in names_of(organisation.name, organisation.short_name, organisation.kind, texts)
    }
    kept = {
        row.key
        for row in organisation.names
        if row.key in wanted and (row.text, row.source) == _face(wanted[row.key])
    }
    gone = [row for row in organisation.names if row.key not in kept]
    new = [name for key, name in wanted.items() if key not in kept]
    for row in gone:
        organisation.names.remove(row)
    for name in new:
        organisation.names.append(
            OrganisationName(text=name.text, key=name.key, source=name.source.value)
        )
    return bool(gone or new)


def _face(name: Name) -> tuple[str, str]:
    return name.text, name.source.value

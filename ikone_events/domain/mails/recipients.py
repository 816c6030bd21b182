"""Whom an announcement is sent to: subscribers, contacts of the office, both or nobody."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.refusals import N_


class ContactGroup(StrEnum):
    """Contacts by their administration; members are those of the event's day."""

    MEMBERS = "members"
    OTHERS = "others"
    UNMATCHED = "unmatched"


CONTACT_GROUP_LABELS: Mapping[ContactGroup, str] = {
    ContactGroup.MEMBERS: N_("Public bodies that belong to the network"),
    ContactGroup.OTHERS: N_("Other public bodies"),
    ContactGroup.UNMATCHED: N_("Without a public body from the directory"),
}


@dataclass(frozen=True, slots=True)
class ContactChoice:
    """Contacts of these groups and administrations (ids); all contacts if both are empty."""

    groups: frozenset[ContactGroup] = frozenset()
    bodies: frozenset[int] = frozenset()

    @property
    def is_everybody(self) -> bool:
        """Whether it excludes nobody."""
        return not self.groups and not self.bodies

    def packed(self) -> str:
        """The choice as it is stored with a mailing; empty for all contacts."""
        if self.is_everybody:
            return ""
        return json.dumps({"groups": sorted(self.groups), "bodies": sorted(self.bodies)})


def read_choice(packed: str) -> ContactChoice:
    """A stored choice."""
    if not packed:
        return ContactChoice()
    data = json.loads(packed)
    return ContactChoice(frozenset(map(ContactGroup, data["groups"])), frozenset(data["bodies"]))


@dataclass(frozen=True, slots=True)
class Recipients:
    """Whom an announcement is sent to; `contacts` is None for none of them."""

    subscribers: bool = True
    contacts: ContactChoice | None = None

    @property
    def audiences(self) -> tuple[Audience, ...]:
        """The audiences, one mailing each; nobody is in two of them."""
        found = [Audience.SUBSCRIBERS] if self.subscribers else []
        if self.contacts is not None:
            found.append(Audience.OTHER_CONTACTS if self.subscribers else Audience.CONTACTS)
        return tuple(found) or (Audience.NOBODY,)


SUBSCRIBERS_ALONE = Recipients()

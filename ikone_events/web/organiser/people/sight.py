"""What the signed-in organiser may see of people's answers: it goes by their highest role."""

from ikone_events.domain.form_fields import ROLES
from ikone_events.web.access import organiser


def asker_role() -> str:
    """The highest role of the signed-in organiser; empty for somebody without any."""
    held = {role.name for role in organiser().roles}
    return next((role for role in reversed(ROLES) if role in held), "")

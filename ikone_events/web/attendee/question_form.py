"""The form for a question to the speakers."""

from flask_babel import lazy_gettext as _l

from ikone_events.domain.header_text import text_complaint
from ikone_events.domain.rooms.questions import QUESTION_LENGTH
from ikone_events.web.shell.forms import PublicForm, TextField, at_most, needed, unless


class QuestionForm(PublicForm):
    """One question, asked while the event runs."""

    website = None  # type: ignore[assignment]
    question = TextField(
        _l("Your question to the speakers"),
        [
            needed(_l("Please enter your question.")),
            at_most(QUESTION_LENGTH),
            unless(text_complaint),
        ],
        render_kw={"rows": 3, "maxlength": QUESTION_LENGTH},
    )

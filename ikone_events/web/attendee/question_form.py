"""The form for a question to the speakers."""

from typing import Any

from flask_babel import lazy_gettext as _l

from ikone_events.domain.header_text import text_complaint
from ikone_events.domain.rooms.questions import QUESTION_LENGTH
from ikone_events.web.shell.forms import PublicForm, TextField, at_most, needed, unless


class QuestionForm(PublicForm):
    """One question, asked while the event runs."""

    question = TextField(
        _l("Your question to the speakers"),
        [
            needed(_l("Please enter your question.")),
            at_most(QUESTION_LENGTH),
            unless(text_complaint),
        ],
        render_kw={"rows": 3, "maxlength": QUESTION_LENGTH},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.website

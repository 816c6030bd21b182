"""The forms of the personal pages: the person's own details, and a deputy's."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext
from wtforms import StringField, TextAreaField

from ikone_events.domain.header_text import text_complaint
from ikone_events.domain.refusals import Complaint
from ikone_events.services.registering.changes import Details
from ikone_events.services.registering.hand_over import Deputy
from ikone_events.web.registering.person_form import QUESTION_LENGTH, PersonForm
from ikone_events.web.shell.forms import (
    PublicForm,
    at_most,
    no_web_address,
    one_line,
    stripped,
    unless,
)
from ikone_events.web.shell.i18n import translate

DETAILS = ("salutation", "title", "first_name", "last_name", "position", "question")


class _OwnForm(PersonForm, PublicForm):
    """A person's names and position; nobody who has a personal link is a program."""

    position = StringField(
        lazy_gettext("Department or position"),
        [at_most(200), one_line, no_web_address],
        filters=[stripped],
        render_kw={"autocomplete": "organization-title"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.website
        del self.mode


class ChangeForm(_OwnForm):
    """What people may correct of themselves; own fields of the event are added to it."""

    question = TextAreaField(
        lazy_gettext("Question to the speakers"),
        [at_most(QUESTION_LENGTH), unless(text_complaint)],
        filters=[stripped],
        render_kw={"rows": 4},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.email

    def details(self) -> Details:
        """The checked entries."""
        return Details(
            salutation=self.salutation.data,
            title=self.title.data,
            first_name=self.first_name.data,
            last_name=self.last_name.data,
            position=self.position.data,
            question=self.question.data.replace("\r\n", "\n"),
        )


class DeputyForm(_OwnForm):
    """Who comes instead."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            # A browser would fill in the person who sits before it.
            field.render_kw = {**(field.render_kw or {}), "autocomplete": "off"}
        self.email.description = ""

    def deputy(self) -> Deputy:
        """The checked entries."""
        return Deputy(
            salutation=self.salutation.data,
            title=self.title.data,
            first_name=self.first_name.data,
            last_name=self.last_name.data,
            email=self.email.data,
            position=self.position.data,
        )


def place(form: PublicForm, complaints: Iterable[Complaint]) -> list[str]:
    """Put each complaint of the rules at the field it is about; returns those about none."""
    left: list[str] = []
    for complaint in complaints:
        if complaint.about in form:
            form[complaint.about].errors = [*form[complaint.about].errors, translate(complaint)]
        else:
            left.append(translate(complaint))
    return left

"""Flask-Babel with types, which it lacks: texts in the language of the page."""

import flask_babel


def gettext(text: str, **values: object) -> str:
    """A text in the language of the page, with its values."""
    return str(flask_babel.gettext(text, **values))


def ngettext(singular: str, plural: str, num: int, **values: object) -> str:
    """A text that counts; `num` is one of its values."""
    return str(flask_babel.ngettext(singular, plural, num, **values))

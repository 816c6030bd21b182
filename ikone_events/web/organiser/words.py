"""Flask-Babel with types, which it lacks: texts in the language of the page."""

from flask_babel import gettext as _gettext
from flask_babel import ngettext as _ngettext


def gettext(text: str, **values: object) -> str:
    """A text in the language of the page, with its values."""
    return str(_gettext(text, **values))


def ngettext(singular: str, plural: str, num: int, **values: object) -> str:
    """A text that counts; `num` is one of its values."""
    return str(_ngettext(singular, plural, num, **values))

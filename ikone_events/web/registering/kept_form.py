"""The empty form as everybody gets it: rendered once, then only the token is another each time."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from flask import current_app, request, session
from flask_wtf.csrf import generate_csrf

from ikone_events.web.i18n import page_locale

MOST_FORMS = 256
Render = Callable[[str], str]


class _Halves(NamedTuple):
    """A page around its token, and everything that it was made from."""

    shows: object
    above: str
    below: str


class KeptForms:
    """The latest form of each event and language; those not asked for longest go first."""

    def __init__(self) -> None:
        self._forms: OrderedDict[tuple[str, str, str], _Halves] = OrderedDict()
        self._lock = threading.Lock()
        self._hole = secrets.token_urlsafe(32)  # nobody can have typed this into an event's texts

    def page(self, slug: str, shows: object, render: Render) -> str:
        """The page with a token for this session; `render` makes it with a token given to it."""
        if not _is_for_all():
            return render(generate_csrf())
        key = (slug, page_locale(), request.script_root)
        with self._lock:
            found = self._forms.get(key)
        if found is None or found.shows != shows:
            above, _, below = render(self._hole).partition(self._hole)
            found = _Halves(shows, above, below)
        self._keep(key, found)
        return f"{found.above}{generate_csrf()}{found.below}"

    def _keep(self, key: tuple[str, str, str], found: _Halves) -> None:
        with self._lock:
            self._forms[key] = found
            self._forms.move_to_end(key)
            while len(self._forms) > MOST_FORMS:
                self._forms.popitem(last=False)


def kept_forms() -> KeptForms:
    """The store of the running application."""
    forms: KeptForms = current_app.extensions.setdefault("ikone_forms", KeptForms())
    return forms


def _is_for_all() -> bool:
    """What one person was told stands on their page alone; the trial's pages show a clock."""
    return "_flashes" not in session and "ikone_demo" not in current_app.extensions

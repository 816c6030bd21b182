"""The text an editor begins with: the built-in letter with placeholders in the place of facts."""

from functools import lru_cache

from ikone_events.domain.edited_text import EditedText
from ikone_events.domain.messages import MailKind
from ikone_events.domain.placeholders import placeholders_of
from ikone_events.mail.placeholder_values import PASSAGES, symbolic_values
from ikone_events.mail.texts import Rendering


@lru_cache(maxsize=64)
def starting_text(kind: MailKind, locale: str) -> EditedText:
    """The built-in text of a letter as somebody could have typed it.

    Made from the template itself, so there is no second copy that could say something else.
    """
    passages = {name: f"\n{{{{{name}}}}}\n" for name in PASSAGES if name in placeholders_of(kind)}
    rendering = Rendering(f"mail/{locale}/{kind}.txt", symbolic_values(), passages)
    return EditedText(rendering.subject.strip(), rendering.passage("body"))

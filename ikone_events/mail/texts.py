"""Where the letters' texts lie and how they are read: an environment of their own, without Flask.

A name missing in a template is an error, not an empty place: a letter with a hole undoes its cause.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape
from jinja2.runtime import Context

import ikone_events

_MANY_BREAKS = re.compile(r"\n{3,}")
_TRAILING_SPACE = re.compile(r"[ \t]+\n")


def template_folder() -> Path:
    """Beside the code in an installed package, at the top level in the source tree."""
    package = Path(ikone_events.__file__).resolve().parent
    installed = package / "templates"
    return installed if (installed / "mail").is_dir() else package.parent / "templates"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """One environment for texts (as they are) and for the HTML layout (everything escaped)."""
    return Environment(
        loader=FileSystemLoader(template_folder()),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


class Rendering:
    """A letter's text under way: subject, whole text, and single passages on request.

    Passages are the blocks of a template that carry a placeholder's name. `replaced` puts words in
    the place of blocks; they are not read as a template.
    """

    def __init__(
        self, name: str, values: Mapping[str, object], replaced: Mapping[str, str] | None = None
    ) -> None:
        template = _template(name)
        self._context = template.new_context(dict(values))
        for block, words in (replaced or {}).items():
            self._context.blocks[block] = [_saying(words)]
        text = "".join(template.root_render_func(self._context))
        self.subject = self._block("subject")
        self.text = _tidy(text)

    def passage(self, block: str) -> str:
        """The words of one block; empty when the letter has none of this name."""
        return _tidy(self._block(block)).strip() if block in self._context.blocks else ""

    def _block(self, name: str) -> str:
        return "".join(self._context.blocks[name][0](self._context))


def _saying(words: str) -> Callable[[Context], Iterator[str]]:
    return lambda _context: iter((words,))


def render_layout(values: dict[str, object]) -> str:
    """The HTML around the paragraphs of a letter."""
    return _template("mail/layout.html").render(values)


@lru_cache(maxsize=64)
def _template(name: str) -> Template:
    return environment().get_template(name)


def _tidy(text: str) -> str:
    """Templates may leave paragraphs out without counting empty lines."""
    return _MANY_BREAKS.sub("\n\n", _TRAILING_SPACE.sub("\n", text)).strip() + "\n"

"""Where the letters' texts lie and how they are read: an environment of their own, without Flask.

A name missing in a template is an error, not an empty place: a letter with a hole undoes its cause.
"""

import re
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

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


def render_letter(name: str, values: dict[str, object]) -> tuple[str, str]:
    """Subject and text of one letter: the block "subject" and the whole template, in one pass."""
    template = _template(name)
    context = template.new_context(values)
    text = "".join(template.root_render_func(context))
    subject = "".join(context.blocks["subject"][0](context))
    return subject, _tidy(text)


def render_layout(values: dict[str, object]) -> str:
    """The HTML around the paragraphs of a letter."""
    return _template("mail/layout.html").render(values)


@lru_cache(maxsize=64)
def _template(name: str) -> Template:
    return environment().get_template(name)


def _tidy(text: str) -> str:
    """Templates may leave paragraphs out without counting empty lines."""
    return _MANY_BREAKS.sub("\n\n", _TRAILING_SPACE.sub("\n", text)).strip() + "\n"

"""Markdown to safe HTML: parsed without raw HTML, then cleaned by an allow-list."""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

TAGS = {
    "p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "a",
    "ul", "ol", "li", "h2", "h3", "h4", "h5", "h6",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto", "tel"}

_parsers = {breaks: MarkdownIt("js-default", {"breaks": breaks}) for breaks in (False, True)}


@lru_cache(maxsize=256)
def to_html(text: str, *, top: int = 3, breaks: bool = False) -> Markup:
    """The text as HTML; its headings begin at level `top`, `breaks` keeps the ends of its lines.

    No images: loading them would show other servers who reads the page.
    """
    parser = _parsers[breaks]
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + top - 1)}"
    html = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )
    return Markup(clean)  # noqa: S704 - the allow-list above is what makes it safe

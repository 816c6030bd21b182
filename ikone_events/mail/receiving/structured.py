"""Structured header fields (RFC 5322 section 3.2): comments, quoted strings, words."""

import re

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[;=<>,]|[^\s;=<>,"]+', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# What matters while comments are taken out; everything between is plain text.
_STEP = re.compile(r'\\.|["()]|[^\\"()]+|\\', re.DOTALL)


def pieces(text: str) -> list[str] | None:
    """Quoted strings, words and the marks ; = < > , without comments; None when it is broken."""
    plain = _without_comments(text)
    return None if plain is None else _PIECE.findall(plain)


def unquoted(piece: str) -> str:
    """The value of a quoted string, or the word itself."""
    if piece.startswith('"'):
        return _ESCAPED.sub(r"\1", piece[1:-1])
    return piece


def _without_comments(text: str) -> str | None:
    """Comments nest, and a quotation mark inside one is a mail like any other."""
    kept: list[str] = []
    depth, quoted = 0, False
    for step in _STEP.findall(text):
        if step == '"' and not depth:
            quoted = not quoted
        elif step in "()" and not quoted:
            depth += 1 if step == "(" else -1
            if depth < 0:
                return None
            kept.append(" ")
            continue
        if not depth:
            kept.append(step)
    return None if depth or quoted else "".join(kept)

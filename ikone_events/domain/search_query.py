"""What somebody typed into the search over everything."""

import re
from dataclasses import dataclass

from ikone_events.domain.address import email_key, looks_like_address
from ikone_events.domain.folding import MOST_WORDS, search_words, split_words

LONGEST_QUERY = 200
# As mail programs copy it: "Erika Beispiel" <erika@example.org>
_IN_BRACKETS = re.compile(r"[<(]([^<>()\s]+@[^<>()\s]+)[>)]")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A query in its normal form; `is_cut`: what was typed is longer than what is searched.

    `words` are spellings (domain/folding.py), all of which must be found. `address` is the
    normalised address if the query contains one, `message_id` that of a mail if it may be one.
    """

    text: str
    words: tuple[tuple[str, ...], ...]
    address: str = ""
    message_id: str = ""
    is_cut: bool = False


def read_query(typed: str) -> SearchQuery:
    """Read a typed line; without a letter or number in it, it has no words."""
    line = typed[:LONGEST_QUERY].strip()
    text = _IN_BRACKETS.sub(r" \1 ", line).strip()
    address = next((word for word in text.split() if looks_like_address(word)), "")
    return SearchQuery(
        text,
        tuple(search_words(text)),
        email_key(address) if address else "",
        f"<{text}>" if "@" in text and len(text.split()) == 1 else "",
        len(typed) > LONGEST_QUERY or len(split_words(text)) > MOST_WORDS,
    )

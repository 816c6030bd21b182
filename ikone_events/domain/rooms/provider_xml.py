"""Reads small XML documents that other servers have written: no DTD, no entities, no depth."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

_MOST_ELEMENTS = 50_000
_DEEPEST = 12


@dataclass(slots=True)
class XmlElement:
    """An element with the text directly in it; attributes are not read."""

    name: str
    text: str = ""
    children: list["XmlElement"] = field(default_factory=list)

    def text_of(self, name: str) -> str:
        """The text of the first child of this name, or ""."""
        return next((child.text for child in self.children if child.name == name), "")

    def children_of(self, *path: str) -> Sequence["XmlElement"]:
        """All elements at the end of a path of names."""
        found = [self]
        for name in path:
            found = [child for each in found for child in each.children if child.name == name]
        return found


def read_xml(document: bytes) -> XmlElement:
    """The outermost element. Raises ValueError for anything but a plain, well-formed document.

    A document type is refused before anything of it is looked at: it is where entities are
    defined that grow without end or read files of ours.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    parser.ExternalEntityRefHandler = reader.refuse
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, LookupError) as fault:
        raise ValueError("no well-formed XML") from fault
    return reader.root.children[0]


class _Reader:
    def __init__(self) -> None:
        self.root = XmlElement("")
        self._open = [self.root]
        self._number = 0

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._number += 1
        if self._number > _MOST_ELEMENTS or len(self._open) > _DEEPEST:
            raise ValueError("too many elements")
        element = XmlElement(name)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        self._open[-1].text += text

    def refuse(self, *_what: object) -> int:
        raise ValueError("a document type is not taken")

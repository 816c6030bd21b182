"""libical, the parser of Thunderbird's former self, Evolution, KDE and Cyrus, through ctypes.

Only what tests need: parse, ask whether the object keeps RFC 5545 and 5546, walk its properties. It
comes from the package libical3 of Debian and Ubuntu, which `make test` installs.
"""

import ctypes
from collections.abc import Iterator
from ctypes import CDLL, c_char_p, c_int, c_void_p
from dataclasses import dataclass
from functools import cache
from typing import Any

ANY_COMPONENT, ANY_PROPERTY = 1, 0

SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "icalerror_set_errors_are_fatal": (None, [c_int]),
    "icalparser_parse_string": (c_void_p, [c_char_p]),
    "icalrestriction_check": (c_int, [c_void_p]),
    "icalcomponent_count_errors": (c_int, [c_void_p]),
    "icalcomponent_isa": (c_int, [c_void_p]),
    "icalcomponent_kind_to_string": (c_char_p, [c_int]),
    "icalcomponent_get_first_component": (c_void_p, [c_void_p, c_int]),
    "icalcomponent_get_next_component": (c_void_p, [c_void_p, c_int]),
    "icalcomponent_get_first_property": (c_void_p, [c_void_p, c_int]),
    "icalcomponent_get_next_property": (c_void_p, [c_void_p, c_int]),
    "icalcomponent_free": (None, [c_void_p]),
    "icalproperty_get_property_name": (c_char_p, [c_void_p]),
    "icalproperty_get_value": (c_void_p, [c_void_p]),
    "icalproperty_get_value_as_string": (c_char_p, [c_void_p]),
    "icalproperty_get_parameter_as_string": (c_char_p, [c_void_p, c_char_p]),
    "icalvalue_isa": (c_int, [c_void_p]),
    "icalvalue_kind_to_string": (c_char_p, [c_int]),
    "icalvalue_get_text": (c_char_p, [c_void_p]),
}
PARAMETERS = ("CN", "CUTYPE", "ROLE", "PARTSTAT", "RSVP", "VALUE", "TZID")


@dataclass(frozen=True)
class Property:
    """One property as libical reads it: TEXT without its escapes, all else as it is written."""

    name: str
    value: str
    parameters: dict[str, str]


@dataclass(frozen=True)
class Component:
    """A component, its properties and what it holds."""

    kind: str
    properties: list[Property]
    components: list["Component"]

    def get(self, name: str) -> Property:
        """The only property of a name."""
        (found,) = [each for each in self.properties if each.name == name]
        return found

    @property
    def names(self) -> set[str]:
        """Which properties there are."""
        return {each.name for each in self.properties}


@dataclass(frozen=True)
class Reading:
    """What libical found: `errors` counts what it could not read, `keeps_rules` is its verdict."""

    root: Component
    errors: int
    keeps_rules: bool


def read(data: bytes) -> Reading:
    """Parse a whole object; a root without a kind is nothing that libical could read."""
    library = _library()
    root = library.icalparser_parse_string(data)
    assert root, "libical reads nothing at all"
    try:
        component = _component(root)
        errors = library.icalcomponent_count_errors(root)
        # The verdict comes last: it writes its findings into the component.
        return Reading(component, errors, bool(library.icalrestriction_check(root)))
    finally:
        library.icalcomponent_free(root)


@cache
def _library() -> CDLL:
    library = CDLL("libical.so.3")
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    library.icalerror_set_errors_are_fatal(0)
    return library


def _component(pointer: int) -> Component:
    library = _library()
    kind = library.icalcomponent_kind_to_string(library.icalcomponent_isa(pointer))
    inner = [_component(each) for each in _walk(pointer, "component", ANY_COMPONENT)]
    properties = [_property(each) for each in _walk(pointer, "property", ANY_PROPERTY)]
    return Component((kind or b"").decode(), properties, inner)


def _walk(pointer: int, what: str, kind: int) -> Iterator[int]:
    """All at once: libical keeps one place in a component, so loops can't be nested."""
    library, found = _library(), []
    each = getattr(library, f"icalcomponent_get_first_{what}")(pointer, kind)
    while each:
        found.append(each)
        each = getattr(library, f"icalcomponent_get_next_{what}")(pointer, kind)
    return iter(found)


def _property(pointer: int) -> Property:
    library = _library()
    name = library.icalproperty_get_property_name(pointer).decode()
    value = library.icalproperty_get_value(pointer)
    kind = library.icalvalue_kind_to_string(library.icalvalue_isa(value)) if value else b""
    if kind == b"TEXT":
        text = library.icalvalue_get_text(value)
    else:
        text = library.icalproperty_get_value_as_string(pointer)
    parameters = {
        name: found.decode()
        for name in PARAMETERS
        if (found := library.icalproperty_get_parameter_as_string(pointer, name.encode()))
    }
    return Property(name, ctypes.string_at(text).decode() if text else "", parameters)

"""A small directory of invented administrations, with all the traps of real names."""

import csv
from pathlib import Path

FILE = Path(__file__).with_name("administrations.csv")
ROWS = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines(), delimiter=";"))

# How people write the kind of a body before or around its place.
WAYS = {
    "stadt": (
        "Stadt {}",
        "Stadtverwaltung {}",
        "SV {}",
        "Verwaltung der Stadt {}",
        "{}, Stadt",
        "{} (Stadt)",
    ),
    "kreis": (
        "Kreis {}",
        "Landkreis {}",
        "LK {}",
        "Kreisverwaltung {}",
        "KV {}",
        "Verwaltung des Landkreises {}",
    ),
    "vg": (
        "VG {}",
        "Verbandsgemeinde {}",
        "Verbandsgemeindeverwaltung {}",
        "VGV {}",
        "VG-Verwaltung {}",
        "Verwaltung der Verbandsgemeinde {}",
    ),
    "gemeinde": (
        "Gemeinde {}",
        "Gemeindeverwaltung {}",
        "GV {}",
        "Verwaltung der Gemeinde {}",
    ),
    "og": ("Ortsgemeinde {}", "OG {}"),
}
CLASS_OF = {
    "kreisfreie_stadt": "stadt",
    "verbandsfreie_stadt": "stadt",
    "landkreis": "kreis",
    "verbandsgemeinde": "vg",
    "verbandsfreie_gemeinde": "gemeinde",
    "ortsgemeinde": "og",
}


def without_umlauts(text: str) -> str:
    """As on a keyboard that has none."""
    for umlaut, plain in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.replace(umlaut, plain).replace(umlaut.upper(), plain.capitalize())
    return text

"""The translations of a language, read once for pages, e-mails and dossiers: 1.6 MB for German."""

from functools import cache
from pathlib import Path

from babel.support import NullTranslations, Translations


@cache
def catalogue(locale: str) -> NullTranslations:
    """The catalogue of a language; that of English changes nothing."""
    return Translations.load(Path(__file__).parent / "translations", [locale])

"""Secrets that are stored: encrypted by a key that is derived from the installation's own.

So a database, a backup or a dump alone does not give them away, and with another
`IKONE_SECRET_KEY` they can't be read. AES-256-GCM with a random nonce each; what a secret is about
is authenticated with it, so that a sealed text is of no use in another place.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from ikone_events.services.installation import get_installation

_VERSION = "v1."
_PURPOSE = b"ikone-events.sealed-settings.v1"
_NONCE_BYTES, _KEY_BYTES = 12, 32


class SealBrokenError(Exception):
    """A text that was sealed with another key, for another purpose, or not at all."""


def seal(secret: str, about: str) -> str:
    """Encrypt a secret; `about` says what it is for, and is needed to read it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see _key

    nonce = os.urandom(_NONCE_BYTES)
    key = _key(get_installation().settings.secret_key)
    sealed = AESGCM(key).encrypt(nonce, secret.encode(), about.encode())
    return _VERSION + urlsafe_b64encode(nonce + sealed).decode()


def unseal(sealed: str, about: str) -> str:
    """The secret in a sealed text. Raises SealBrokenError."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see _key
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    if not sealed.startswith(_VERSION):
        raise SealBrokenError
    key = _key(get_installation().settings.secret_key)
    try:
        content = urlsafe_b64decode(sealed.removeprefix(_VERSION))
        nonce, content = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
        return AESGCM(key).decrypt(nonce, content, about.encode()).decode()
    except (InvalidTag, ValueError) as fault:
        raise SealBrokenError from fault


@lru_cache(maxsize=8)
def _key(secret_key: str) -> bytes:
    # Imported where it is needed: an installation without stored secrets keeps its memory.
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    derive = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
    return derive.derive(secret_key.encode())

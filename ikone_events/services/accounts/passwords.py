"""Passwords of accounts: accepted, hashed, compared."""

from flask_security.utils import hash_password, verify_password

from ikone_events.domain.passwords import in_normal_form, password_complaint
from ikone_events.domain.refusals import UnfitInput
from ikone_events.store.accounts.models import Organiser


def hash_new_password(password: str, *, email: str, name: str) -> str:
    """The hash of an acceptable password; raises UnfitInput.

    It takes a while and memory: call it before the transaction.
    """
    complaint = password_complaint(password, (email, name))
    if complaint is not None:
        raise UnfitInput(complaint)
    return str(hash_password(in_normal_form(password)))


def is_password_of(account: Organiser, password: str) -> bool:
    """Whether this is the present password of an account."""
    if not account.password:
        return False
    return bool(verify_password(in_normal_form(password), account.password))

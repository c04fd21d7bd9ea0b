"""Tokens and keys that are kept in the database: encrypted, with a key made from SECRET_KEY, which is not there."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SecretError(Exception):
    """A token was encrypted under another SECRET_KEY; what it opens has to be connected again."""


def encrypt(token: str) -> str:
    return _fernet().encrypt(token.encode()).decode() if token else ""


def decrypt(kept: str) -> str:
    """Raises SecretError."""
    if not kept:
        return ""
    try:
        return _fernet().decrypt(kept.encode()).decode()
    except InvalidToken as error:
        raise SecretError("A kept token cannot be read with this SECRET_KEY.") from error


def _fernet() -> MultiFernet:
    """Encrypts with the key of now; SECRET_KEY_FALLBACKS can still decrypt."""
    return MultiFernet([Fernet(_key(each)) for each in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"parley.secrets\0" + secret.encode()).digest())

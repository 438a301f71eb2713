"""Self-made tokens that look like a target's own: JSON Web Tokens (RFC 7519) that nobody signed, or not for this.

No library: those for JSON Web Tokens refuse to build what must be built here, a token that no honest service takes.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from typing import Any

_DAY = 86_400
"""Seconds for which a self-made token says that it lives: long enough for any run."""


def unsigned(token: str) -> str:
    """A token that says what ``token`` says, for longer, with the algorithm ``none`` and no signature.

    For a token that is no JSON Web Token it says what such tokens usually do.
    """
    claims = _claims(token) or {"sub": "lineman", "tenant": 1}
    return f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{_encoded(_longer(claims))}."


def resigned(token: str) -> str:
    """A token of another content under the signature of ``token``, or under a signature of its own making where
    ``token`` is no JSON Web Token."""
    claims = _claims(token)
    if claims is None:
        header = _encoded({"alg": "HS256", "typ": "JWT"})
        return f"{header}.{_encoded(_longer({'sub': 'lineman'}))}.{_base64(b'lineman signed this itself, 32 b')}"
    header, _, signature = token.split(".")
    return f"{header}.{_encoded(_longer({**claims, 'lineman': 'this was not signed'}))}.{signature}"


def _longer(claims: dict[str, Any]) -> dict[str, Any]:
    """The claims with a lifetime that begins now, so that only the signature speaks against the token."""
    now = int(time.time())
    return {**claims, "iat": now, "exp": now + _DAY}


def _claims(token: str) -> dict[str, Any] | None:
    """The claims of a JSON Web Token; None where it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except (ValueError, binascii.Error, RecursionError):
        return None
    return claims if isinstance(header, dict) and isinstance(claims, dict) else None


def _encoded(members: dict[str, Any]) -> str:
    return _base64(json.dumps(members, separators=(",", ":")).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

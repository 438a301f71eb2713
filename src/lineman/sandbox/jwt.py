"""JSON Web Tokens, as far as a service needs them that issues and reads its own."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple


class Parts(NamedTuple):
    """What a JWT says; ``signature`` as it is written."""

    header: dict[str, Any]
    payload: dict[str, Any]
    signature: str


def write_jwt(payload: dict[str, Any], key: bytes) -> str:
    """The payload, signed with HMAC-SHA256."""
    signed = ".".join(map(_encoded, ({"alg": "HS256", "typ": "JWT"}, payload)))
    return f"{signed}.{_base64(hmac.digest(key, signed.encode(), hashlib.sha256))}"


def read_jwt(text: str) -> Parts | None:
    """The parts, whoever signed them; None where it is no JWT."""
    header, payload, signature = (*text.split("."), "", "", "")[:3]
    try:
        members = _decoded(header), _decoded(payload)
    except ValueError:
        return None
    return Parts(*members, signature)


def _encoded(members: dict[str, Any]) -> str:
    return _base64(json.dumps(members, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(part: str) -> dict[str, Any]:
    """Raises ValueError where the part is no base64url of a JSON object."""
    members = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(members, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - as for text that is no JSON
    return members

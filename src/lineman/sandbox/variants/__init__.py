"""Honest difficulties: a sandbox that keeps every promise, and is awkward all the same."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lineman.sandbox.variants.base import Variant
from lineman.sandbox.variants.gateway import GATEWAY
from lineman.sandbox.variants.mixed import MIXED
from lineman.sandbox.variants.record_texts import RECORDS
from lineman.sandbox.variants.service import SERVICE
from lineman.sandbox.variants.token_service import TOKENS

VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {variant.name: variant for variant in (*SERVICE, *MIXED, *GATEWAY, *TOKENS, *RECORDS)}
)

__all__ = ["VARIANTS", "Variant"]

"""Why a run ends without a verdict."""

from __future__ import annotations


class NoVerdict(Exception):  # noqa: N818 -- it is an outcome, not an error
    """Going on would say nothing about the contract. The message is the sentence for people."""


class CredentialsRefused(NoVerdict):
    """The target refuses the credentials that should be good."""


class NeverSucceeded(NoVerdict):
    """No valid query was ever answered with success."""

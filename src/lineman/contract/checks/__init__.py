"""Every check on a single exchange. Importing this package registers them all."""

from lineman.contract.checks import answers, leaks, pages, requests
from lineman.contract.checks import auth as credentials
from lineman.contract.checks.base import CHECKS, Case, check, findings_of, run_checks

__all__ = [
    "CHECKS",
    "Case",
    "answers",
    "check",
    "credentials",
    "findings_of",
    "leaks",
    "pages",
    "requests",
    "run_checks",
]

"""Every check on a single exchange. Importing this package registers them all."""

from lineman.contract.checks import answers, leaks, pages, requests
from lineman.contract.checks import auth as credentials
from lineman.contract.checks.base import CHECKS, Case, check, judge_case

__all__ = ["CHECKS", "Case", "answers", "check", "credentials", "judge_case", "leaks", "pages", "requests"]

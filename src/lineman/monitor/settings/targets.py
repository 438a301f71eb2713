"""The targets that canaries name, checked along with them."""

from __future__ import annotations

from collections.abc import Mapping

from lineman.monitor.settings.models import Configuration
from lineman.target import ConfigurationError, load_target


def target_problems(configuration: Configuration, environment: Mapping[str, str]) -> list[str]:
    """One sentence for every named target that cannot be put together.

    A canary that names none takes its target from the environment of whoever probes; that is not checked here.
    """
    problems = {}
    for canary in configuration.canaries.values():
        if canary.target is None or canary.target in problems:
            continue
        try:
            load_target(canary.target, None, None, environment)
        except ConfigurationError as error:
            problems[canary.target] = f"canary {canary.name}: {error}"
    return list(problems.values())

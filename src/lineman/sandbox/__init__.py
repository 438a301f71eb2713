"""The documented operation, implemented: honest by default, faulty on demand.

It shares nothing with the rest of lineman, and states the documented ranges itself, so that a misreading in the judge
cannot hide in the defendant.
"""

from lineman.sandbox.dialects import DIALECTS, DialectOption
from lineman.sandbox.faults import FAULTS, Fault
from lineman.sandbox.option_error import SandboxOptionError
from lineman.sandbox.options import SandboxOptions, credentials, parse_dialects, parse_seconds
from lineman.sandbox.outages import OUTAGES, Outage
from lineman.sandbox.server import RunningSandbox, create_app, environment, serve
from lineman.sandbox.tokens import SandboxCredentials
from lineman.sandbox.variants import VARIANTS, Variant

__all__ = [
    "DIALECTS",
    "FAULTS",
    "OUTAGES",
    "VARIANTS",
    "DialectOption",
    "Fault",
    "Outage",
    "RunningSandbox",
    "SandboxCredentials",
    "SandboxOptionError",
    "SandboxOptions",
    "Variant",
    "create_app",
    "credentials",
    "environment",
    "parse_dialects",
    "parse_seconds",
    "serve",
]

"""One probe of one canary: ask, judge, read the certificate, try again where that is right."""

from lineman.monitor.probe.prober import Prober, probe_once

__all__ = ["Prober", "probe_once"]

"""One probe of one canary: ask, judge, read the certificate, try again where that is right."""

from lineman.monitor.probe.execute import Prober, probe_once

__all__ = ["Prober", "probe_once"]

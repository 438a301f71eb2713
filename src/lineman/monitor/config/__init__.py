"""Configuration of canaries, notices and the monitor: read, validated as a whole, immutable."""

from lineman.monitor.config.loading import MonitorConfigurationError, load_configuration
from lineman.monitor.config.models import Canary, Channel, Configuration, MonitorSettings

__all__ = ["Canary", "Channel", "Configuration", "MonitorConfigurationError", "MonitorSettings", "load_configuration"]

"""A probe's result as text, JSON, the line of a monitoring plugin, or OpenMetrics."""

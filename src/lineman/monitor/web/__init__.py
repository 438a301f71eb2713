"""``/metrics``, ``/healthz`` and the status page, served by a thread of its own so that readers delay no probe."""

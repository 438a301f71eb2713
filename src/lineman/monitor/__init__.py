"""The monitor: canaries probed once or periodically, and everything that makes their word worth something.

Pure parts know no clock and no disk: ``slots``, ``uptime``, and all of ``incidents``.
``probe`` talks to a target; ``store`` keeps history; ``daemon`` and ``web`` run for long.
Instants are whole milliseconds since the epoch, in UTC, so that arithmetic is exact and no time zone can bend it.
"""

"""What the suite does not manage yet, and what it says instead. A subject that it manages leaves this list."""

OPEN: dict[str, str] = {}

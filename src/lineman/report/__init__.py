"""A run made visible: ``run.json`` first, everything else rendered from it."""

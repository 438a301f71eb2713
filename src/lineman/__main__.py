"""``python -m lineman``."""

from lineman.cli import main

main()

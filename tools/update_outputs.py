"""Renew the outputs of commands that README.md and docs/ show, by running the commands.

A place for an output looks like this, and everything between its two comments is replaced::

    <!-- output: make check -->
    <!-- end of output -->

``<!-- output tail=12: make check -->`` keeps the last 12 lines only. Run from the top of a checkout:
``python tools/update_outputs.py``. A command may fail (a demonstration of a violation does); its output is shown.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = re.compile(
    r"<!-- output(?: tail=(?P<tail>\d+))?: (?P<command>[^\n]+?) -->\n.*?<!-- end of output -->", re.DOTALL
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def shown(command: str, tail: int | None) -> str:
    """Run a command at the top of the checkout and return what a reader is to see of it."""
    outcome = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    # Where this checkout lies is of no use to a reader.
    text = COLOUR.sub("", outcome.stdout).replace(f"{ROOT}/", "").replace("file://", "")
    lines = [line.rstrip() for line in text.strip().splitlines()]
    if tail is not None and len(lines) > tail:
        lines = ["...", *lines[-tail:]]
    return "\n".join([f"$ {command}", *lines])


def renewed(place: re.Match[str]) -> str:
    """Return the text that takes a place's stead."""
    tail = place["tail"]
    opening = place.group(0).partition("\n")[0]
    output = shown(place["command"], int(tail) if tail else None)
    return f"{opening}\n```console\n{output}\n```\n<!-- end of output -->"


def main() -> int:
    """Renew every place and tell which files changed."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        before = path.read_text(encoding="utf-8")
        after = PLACE.sub(renewed, before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}: renewed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

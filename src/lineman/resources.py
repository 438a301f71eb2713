"""Where lineman's own files lie: the OpenAPI document, the contract suite, the canaries.

A wheel carries them inside the package (``lineman/_data``); a checkout has them at its top, so that
people find them. Nothing else may guess such paths.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ROOTS = (_PACKAGE / "_data", _PACKAGE.parent.parent)


def is_installed(path: Path) -> bool:
    """True for a file that an installed lineman carries inside its package, where nothing should be written."""
    return path.resolve().is_relative_to(_ROOTS[0])


def resource(name: str) -> Path:
    """Return the path of a file or folder that ships with lineman, such as ``openapi/query-access-code-list.yaml``.

    Raises:
        FileNotFoundError: the installation is damaged; the message names the file.
    """
    for root in _ROOTS:
        path = root / name
        if path.exists():
            return path
    raise FileNotFoundError(
        f"lineman's own file {name!r} is missing from {_ROOTS[0]} and {_ROOTS[1]}: install lineman again"
    )

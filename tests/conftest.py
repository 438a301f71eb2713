"""For lineman's own tests. The contract suite judges a target and is collected only where it is asked for by name."""

from pathlib import Path

import pytest

CONTRACT = Path(__file__).parent / "contract"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave ``tests/contract`` out unless the command line names it."""
    if collection_path != CONTRACT:
        return None
    asked = [Path(config.invocation_params.dir, argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(CONTRACT in (path, *path.parents) for path in asked) else True

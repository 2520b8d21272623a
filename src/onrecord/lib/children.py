"""What a child process of ours needs to find the same program and the same publication."""

import os
from pathlib import Path

import onrecord


def environment(folder: Path) -> dict[str, str]:
    """Our environment, with this package first on the path and `folder` as the publication."""
    package = str(Path(onrecord.__file__).parents[1])
    path = os.pathsep.join(part for part in (package, os.environ.get("PYTHONPATH", "")) if part)
    return {**os.environ, "PYTHONPATH": path, "ONRECORD_FOLDER": str(folder)}

"""The shape of the sound for the player: a few hundred peaks in a small JSON file.

    {"version": 1, "duration": 3600.5, "peaks": [0, 12, 255, ...]}

`duration` is in seconds; `peaks` holds one number for each of at most 1,000 equally long parts of the recording: its
highest sample as a share of the recording's highest, 0 to 255. Silence is all zeros.
"""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import numpy.typing as npt

MOST_PEAKS = 1000
HIGHEST = 255


def peaks(samples: npt.NDArray[np.int16]) -> list[int]:
    """The peaks of signed 16-bit samples, 0 to 255, relative to the loudest."""
    count = min(MOST_PEAKS, len(samples))
    edges = np.linspace(0, len(samples), count + 1).astype(np.int64)
    found = [int(np.abs(samples[a:b].astype(np.int32)).max()) for a, b in pairwise(edges.tolist())]
    loudest = max(found, default=0)
    return [round(peak * HIGHEST / loudest) if loudest else 0 for peak in found]


def peaks_json(samples: npt.NDArray[np.int16], duration_ms: int) -> bytes:
    """The file; see the top of this module for its schema."""
    document = {"version": 1, "duration": duration_ms / 1000, "peaks": peaks(samples)}
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"

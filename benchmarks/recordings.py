"""Publishes each real input through the command line and measures what came out.

    .venv/test-*/bin/python benchmarks/recordings.py CASES [--model base] [NAME...]

CASES holds `recordings/` and `media/` with their transcripts and speakers beside them. Printed for each file:
exit status, word error rate, speakers found, share of words with the right speaker, and the loudness of MP3 and
Opus as two meters that share no code read it (ffmpeg's ebur128 from the record of the episode, pyloudnorm on
the decoded file).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import numpy as np
import pyloudnorm

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.transcripts.measuring import share_with_right_speaker, turns_of, word_error_rate  # noqa: E402

from onrecord.transcripts.tokens import Token, text_of  # noqa: E402

SAID = {
    "jfk": "And so my fellow Americans, ask not what your country can do for you, "
    "ask what you can do for your country.",
    "russian": "бедняга ребят на его месте должен был быть я",
}
SUFFIXES = (".wav", ".flac", ".mp3", ".mp4", ".m4b")


def main() -> None:
    """Publish and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--model", default="base")
    options = parser.parse_args()
    files = sorted(p for part in ("recordings", "media") for p in (options.cases / part).iterdir())
    for path in files:
        if path.suffix in SUFFIXES and (not options.names or path.stem in options.names):
            measure(path, options.model)


def measure(path: Path, model: str) -> None:
    """Publish one file in a publication of its own and print what became of it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "publication"
        folder.mkdir()
        (folder / "onrecord.toml").write_text(f'[speech]\nmodel = "{model}"\n')
        command = [sys.executable, "-m", "onrecord", "publish", str(path), "--folder", str(folder), "--json"]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        command += ["--title", path.stem]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        print(f"{path.name}: exit {done.returncode}")
        if done.returncode:
            print(f"  {done.stderr.strip()}")
            return
        result = json.loads(done.stdout)
        for warning in result["warnings"]:
            print(f"  note: {warning}")
        record = json.loads((Path(result["page"]).parent / "episode.json").read_text())
        for line in [*words(path, record), *loudness(folder, record)]:
            print(f"  {line}", flush=True)


def words(path: Path, record: dict[str, Any]) -> list[str]:
    """Lines on the transcript."""
    columns = (record.get("transcript") or {}).get("tokens")
    if not columns:
        return ["no transcript"]
    names = ("text", "start_ms", "end_ms", "speaker", "probability", "space")
    tokens = [Token(*row[:5], bool(row[5])) for row in zip(*(columns[name] for name in names), strict=True)]
    lines = [f"{len(tokens)} words, {len({token.speaker for token in tokens})} speakers"]
    beside = path.with_suffix(".json"), path.with_suffix(".rttm")
    if any(file.exists() for file in beside):
        turns = turns_of(path)
        lines.append(f"words with the right speaker {share_with_right_speaker(tokens, turns):.1%}")
    said = SAID.get(path.stem) or _said(beside[0])
    if said:
        lines.append(f"word error rate {word_error_rate(said, text_of(tokens)):.1%}")
    return lines


def _said(file: Path) -> str:
    turns = json.loads(file.read_text()) if file.exists() else []
    return " ".join(turn.get("text", "") for turn in turns).strip()


def loudness(folder: Path, record: dict[str, Any]) -> list[str]:
    """Lines on each rendition that can be heard."""
    lines = []
    for rendition in record["media"]:
        if rendition.get("loudness") is None:
            continue
        file = folder / "public" / urlsplit(rendition["url"]).path.lstrip("/")
        other = second_meter(file)
        lines.append(
            f"{rendition['kind']}: {rendition['loudness']:.1f} LUFS, by the other meter {other:.1f}; "
            f"true peak {rendition['true_peak']:.1f} dBTP"
        )
    return lines


def second_meter(file: Path) -> float:
    """Integrated loudness by pyloudnorm, in LUFS."""
    with av.open(str(file)) as container:
        resampler = av.AudioResampler(format="fltp", rate=48_000)
        parts = [part.to_ndarray() for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    sound = np.concatenate(parts, axis=1).T
    return float(pyloudnorm.Meter(48_000).integrated_loudness(sound))


if __name__ == "__main__":
    main()

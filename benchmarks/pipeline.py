"""What `publish` costs beside the bare tools, in one run.

    .venv/bin/python benchmarks/pipeline.py --minutes 60 --model tiny.en SOUND

SOUND is repeated until it is that long. The bare tools run one after the other, each in a process of its own:
ffmpeg measuring, encoding MP3 and Opus and measuring both again; faster-whisper with our model, options and
windows; the speaker embedding over the same speech. Then `publish` does all of it. Printed: CPU and wall seconds of
each, the two ratios, the time until the page is live beside bare measuring and MP3, and the highest memory of all
processes of `publish` together.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SOURCES = Path(__file__).resolve().parent.parent / "src"
sys.path.insert(0, str(SOURCES))


@dataclass(frozen=True)
class Cost:
    """Seconds, and megabytes at the highest."""

    cpu: float
    wall: float
    memory: float


def cost_of(
    command: Sequence[str], environment: dict[str, str] | None = None, watch: Callable[[float], None] | None = None
) -> Cost:
    """Run a command with all that it starts; children are counted when they have been waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    highest = [0.0]
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, highest, ended, start, watch))
    watcher.start()
    _output, errors = process.communicate()
    wall = time.monotonic() - start
    ended.set()
    watcher.join()
    if process.returncode:
        sys.exit(f"{command[:3]} failed: {errors.decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, wall, highest[0])


def _watch(
    pid: int, highest: list[float], ended: threading.Event, start: float, watch: Callable[[float], None] | None
) -> None:
    """Add up the memory of a process and all its children, twice a second; shared pages are counted once (PSS)."""
    while not ended.wait(0.5):
        if watch:
            watch(time.monotonic() - start)
        try:
            family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        total = 0
        for process in family:
            try:
                total += process.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        highest[0] = max(highest[0], total / 1e6)


BARE_WHISPER = """
import sys, json, numpy as np
from faster_whisper import WhisperModel
pcm, folder, language, windows = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
samples = np.memmap(pcm, np.int16, "r")
model = WhisperModel(folder, device="cpu", compute_type="int8")
for start, end in windows:
    sound = np.asarray(samples[start * 16 : end * 16], np.float32) / 32768
    segments, _ = model.transcribe(sound, language=language, beam_size=5, temperature=[0.0], vad_filter=True,
                                   word_timestamps=True)
    list(segments)
"""

BARE_VOICES = """
import sys, json, numpy as np
from pathlib import Path
from onrecord.transcripts.engines.voices import VoiceModel, embed
pcm, weights, speech = sys.argv[1], sys.argv[2], json.loads(Path(sys.argv[3]).read_text())
embed(VoiceModel(Path(weights)), np.memmap(pcm, np.int16, "r"), [tuple(one) for one in speech])
"""


def main() -> None:
    """Run the bare tools and `publish`, and print the table."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="onrecord-benchmark-") as temporary:
        folder = Path(temporary)
        sound = make_sound(Path(options.sound), options.minutes, folder)
        publication = folder / "publication"
        print(f"{options.minutes} minutes of sound, model {options.model}", flush=True)
        whole, live = published(sound, publication, options.model)
        _say("publish", whole)
        bare = {name: _say(name, cost) for name, cost in bare_tools(sound, folder, publication, options.model)}
        cpu, wall = sum(cost.cpu for cost in bare.values()), sum(cost.wall for cost in bare.values())
        shortest = bare["measure"].wall + bare["MP3"].wall
        print(f"CPU:  publish / sum of bare tools  {whole.cpu / cpu:.2f}  (goal 1.10)")
        print(f"wall: publish / sum of bare tools  {whole.wall / wall:.2f}  (goal 0.9)")
        print(f"page live after {live:.1f} s / bare measure + MP3  {live / shortest:.2f}  (goal 1.3)")
        print(f"highest memory of publish, all processes  {whole.memory:.0f} MB")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sound", metavar="SOUND")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--model", default="tiny.en")
    return parser.parse_args()


def _say(name: str, cost: Cost) -> Cost:
    print(f"{name:<12} cpu {cost.cpu:8.1f} s   wall {cost.wall:8.1f} s   memory {cost.memory:6.0f} MB", flush=True)
    return cost


def ffmpeg() -> str:
    """The program that `publish` uses too."""
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def make_sound(sound: Path, minutes: float, folder: Path) -> Path:
    """SOUND again and again, as FLAC."""
    target = folder / "long.flac"
    command = [ffmpeg(), "-v", "error", "-stream_loop", "-1", "-i", str(sound), "-t", str(minutes * 60), str(target)]
    subprocess.run(command, check=True)
    return target


def published(sound: Path, publication: Path, model: str) -> tuple[Cost, float]:
    """Cost of `publish`, and seconds until its page was there."""
    publication.mkdir()
    (publication / "onrecord.toml").write_text(f'[speech]\nmodel = "{model}"\n')
    environment = os.environ | {"PYTHONPATH": str(SOURCES)}
    live: list[float] = []

    def watch(seconds: float) -> None:
        if not live and list((publication / "public").glob("*/*/index.html")):
            live.append(seconds)

    command = [sys.executable, "-m", "onrecord", "publish", str(sound), "--folder", str(publication)]
    cost = cost_of([*command, "--title", "Long", "--language", "en", "--json"], environment, watch)
    return cost, live[0] if live else cost.wall


def bare_tools(sound: Path, folder: Path, publication: Path, model: str) -> list[tuple[str, Cost]]:
    """Each tool by itself, doing what `publish` has it do."""
    program = [ffmpeg(), "-nostdin", "-v", "error", "-y"]
    meter = ["-af", "ebur128=peak=true", "-f", "null", "-"]
    gain = ["-af", "volume=3dB,alimiter=limit=0.8:level=0"]
    mp3, opus = str(folder / "bare.mp3"), str(folder / "bare.opus")
    pcm = folder / "speech.s16"
    subprocess.run([*program, "-i", str(sound), "-ar", "16000", "-ac", "1", "-f", "s16le", str(pcm)], check=True)
    windows, speech = _heard(publication)
    (folder / "speech.json").write_text(json.dumps(speech))
    environment = os.environ | {"PYTHONPATH": str(SOURCES)}
    model_folder, voice_weights = _weights(model)
    return [
        ("measure", cost_of([*program, "-i", str(sound), *meter])),
        ("MP3", cost_of([*program, "-i", str(sound), *gain, "-c:a", "libmp3lame", "-b:a", "96k", mp3])),
        ("Opus", cost_of([*program, "-i", str(sound), *gain, "-c:a", "libopus", "-b:a", "64k", opus])),
        ("verify MP3", cost_of([*program, "-i", mp3, *meter])),
        ("verify Opus", cost_of([*program, "-i", opus, *meter])),
        (
            "whisper",
            cost_of(
                [sys.executable, "-c", BARE_WHISPER, str(pcm), model_folder, "en", json.dumps(windows)], environment
            ),
        ),
        (
            "voices",
            cost_of(
                [sys.executable, "-c", BARE_VOICES, str(pcm), voice_weights, str(folder / "speech.json")], environment
            ),
        ),
    ]


def _heard(publication: Path) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The windows that were heard, and where speech was found in them, in milliseconds."""
    import sqlite3

    with sqlite3.connect(publication / "onrecord.db") as rows:
        found = rows.execute("SELECT start_ms, end_ms, report FROM transcripts_heardwindow ORDER BY number").fetchall()
    return [(start, end) for start, end, _ in found], [
        tuple(one) for _, _, report in found for one in json.loads(report).get("speech", [])
    ]


def _weights(model: str) -> tuple[str, str]:
    from onrecord.transcripts.engines import weights

    def silent(fraction: float, message: str) -> None:
        return None

    cache = weights.cache_folder()
    return str(weights.find_model(model, cache, silent).path), str(weights.find_voice_weights(cache, silent))


if __name__ == "__main__":
    main()

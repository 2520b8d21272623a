"""The steps of the pipeline that make renditions, on real ffmpeg."""

import json
import struct
from pathlib import Path

import av
import pytest
from PIL import Image

from onrecord.catalogue.models import Change, Chapter, Credit, Person, Role
from onrecord.catalogue.pictures import take_in_picture
from onrecord.jobs.registry import StepFunction
from onrecord.recordings import renditions
from onrecord.recordings.models import Recording, Rendition
from onrecord.recordings.probe import probe
from onrecord.recordings.steps.encode_audio import encode_audio
from onrecord.recordings.steps.encode_opus import encode_opus
from onrecord.recordings.steps.encode_video import encode_video
from onrecord.recordings.steps.measure import measure
from onrecord.recordings.steps.waveform import draw_waveform
from onrecord.recordings.video import may_be_copied
from tests.recordings.conftest import RunStep, TakeIn
from tests.recordings.making import decoded, loudness_by_another_meter, make, voice, write


def run_all(run_step: RunStep, recording: Recording, *steps: StepFunction) -> dict[str, Rendition]:
    for function in (measure, *steps):
        run_step(function, recording)
    return {rendition.kind: rendition for rendition in recording.renditions.all()}


def with_chapters(folder: Path, *starts: int) -> Path:
    tags = folder / "tags.txt"
    chapters = "".join(
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={start + 400}\ntitle=From {start}\n" for start in starts
    )
    tags.write_text(f";FFMETADATA1\n{chapters}")
    sound = write(folder / "sound.wav", voice(4))
    return make(
        folder / "chapters.m4a", "-i", sound, "-f", "ffmetadata", "-i", tags, "-map_metadata", "1", "-c:a", "aac"
    )


def film(folder: Path, size: str, rate: int = 25, encoder: tuple[str, ...] = (), seconds: int = 2) -> Path:
    sound = write(folder / "sound.wav", voice(seconds))
    picture = ("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}")
    encoder = encoder or ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    return make(folder / "film.mp4", *picture, "-i", sound, *encoder, "-c:a", "aac")


def test_the_mp3_says_what_it_is(take_in: TakeIn, run_step: RunStep, tmp_path: Path) -> None:
    recording = take_in(with_chapters(tmp_path, 0, 1500, 99_000), title="Boats; a = b #2 \\ “ü” اردو")
    episode = recording.episode
    Image.new("RGB", (800, 500), "red").save(tmp_path / "red.png")
    episode.picture = take_in_picture(tmp_path / "red.png", "", "", "red")
    episode.save()
    for position, name in enumerate(("Ada Hill", "Ben Rowe")):
        person = Person.objects.create(slug=name.lower().replace(" ", "-"), name=name)
        Credit.objects.create(episode=episode, person=person, role=Role.GUEST, position=position)
    mp3 = run_all(run_step, recording, encode_audio)["mp3"]
    with av.open(str(renditions.file_of(mp3))) as container:
        tags = {name.lower(): value for name, value in container.metadata.items()}
        assert tags["title"] == "Boats; a = b #2 \\ “ü” اردو"
        assert tags["artist"] == "Ada Hill, Ben Rowe"
        assert tags["album"] == "Talks"
        starts = [(c["start"] * c["time_base"], c["metadata"]["title"]) for c in container.chapters()]
        assert starts == [(0, "From 0"), (1.5, "From 1500")]
        cover = next(container.decode(container.streams.video[0])).to_ndarray(format="rgb24")
    assert cover.shape == (600, 600, 3)
    assert cover[300, 300, 0] > 200
    assert cover[300, 300, 1] < 60
    content = renditions.file_of(mp3).read_bytes()
    assert content.startswith(b"ID3\x03")
    assert b"Info" in content or b"Xing" in content, "apps need it to seek and to leave out the encoder's delay"


def test_chapters_of_the_file_become_the_episodes(take_in: TakeIn, run_step: RunStep, tmp_path: Path) -> None:
    recording = take_in(with_chapters(tmp_path, 0, 1500, 99_000))
    run_all(run_step, recording, encode_audio)
    assert list(recording.episode.chapters.values_list("start_ms", "title")) == [(0, "From 0"), (1500, "From 1500")]


def test_new_sound_takes_the_chapters_of_the_old_away(take_in: TakeIn, run_step: RunStep, tmp_path: Path) -> None:
    first = take_in(with_chapters(tmp_path, 0, 1500))
    run_all(run_step, first, encode_audio)
    second = take_in(write(tmp_path / "b.wav", voice(3, seed=2)), episode=first.episode, current=False)
    run_all(run_step, second, encode_audio)
    assert not first.episode.chapters.exists()


def test_chapters_that_an_editor_wrote_survive_another_attempt(
    take_in: TakeIn, run_step: RunStep, tmp_path: Path
) -> None:
    recording = take_in(write(tmp_path / "a.wav", voice(3)))
    run_all(run_step, recording, encode_audio)
    Chapter.objects.create(episode=recording.episode, start_ms=0, title="By hand")
    run_step(encode_audio, recording)
    assert recording.episode.chapters.get().title == "By hand"


def test_a_second_attempt_leaves_the_same_bytes(take_in: TakeIn, run_step: RunStep, tmp_path: Path) -> None:
    recording = take_in(write(tmp_path / "a.wav", voice(3)))
    steps = (encode_audio, encode_opus, draw_waveform)
    first = {kind: (r.pk, r.sha256, r.path) for kind, r in run_all(run_step, recording, *steps).items()}
    second = {kind: (r.pk, r.sha256, r.path) for kind, r in run_all(run_step, recording, *steps).items()}
    assert first == second
    assert set(first) == {"mp3", "opus", "peaks"}


def test_what_joins_the_page_later_is_announced(take_in: TakeIn, run_step: RunStep, tmp_path: Path) -> None:
    recording = take_in(write(tmp_path / "a.wav", voice(3)))
    run_all(run_step, recording, encode_audio)
    for step in (encode_opus, draw_waveform):
        Change.objects.all().delete()
        run_step(step, recording)
        assert Change.objects.filter(kind="episode", subject=recording.episode_id).exists()


def test_the_peaks_are_of_the_whole_recording(take_in: TakeIn, run_step: RunStep, tmp_path: Path) -> None:
    made = run_all(run_step, take_in(write(tmp_path / "a.wav", voice(3))), draw_waveform)["peaks"]
    document = json.loads(renditions.file_of(made).read_bytes())
    assert (document["version"], document["duration"], len(document["peaks"])) == (1, 3.0, 1000)


def boxes(path: Path) -> list[str]:
    content, at, names = path.read_bytes(), 0, []
    while at + 8 <= len(content):
        (size,) = struct.unpack(">I", content[at : at + 4])
        names.append(content[at + 4 : at + 8].decode("latin-1"))
        at += size or len(content)
    return names


def size_of(path: Path) -> tuple[int, int, str]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.codec_context.width, stream.codec_context.height, stream.codec_context.name


def test_suitable_pictures_are_copied_and_start_at_once(take_in: TakeIn, run_step: RunStep, tmp_path: Path) -> None:
    source = film(tmp_path, "640x360")
    made = run_all(run_step, take_in(source), encode_audio, encode_video)["mp4"]
    file = renditions.file_of(made)
    assert boxes(file).index("moov") < boxes(file).index("mdat")
    assert (made.width, made.height) == (640, 360)
    with av.open(str(source)) as before, av.open(str(file)) as after:
        sizes = [[p.size for p in c.demux(c.streams.video[0]) if p.size] for c in (before, after)]
    assert sizes[0] == sizes[1]
    assert loudness_by_another_meter(file) == pytest.approx(-16, abs=0.5)
    assert len(decoded(file)[0]) / decoded(file)[1] == pytest.approx(2.0, abs=0.05)


def test_turned_pictures_are_made_upright(take_in: TakeIn, run_step: RunStep, tmp_path: Path) -> None:
    turned = make(tmp_path / "turned.mp4", "-display_rotation", "90", "-i", film(tmp_path, "640x360"), "-c", "copy")
    found = probe(turned, "turned.mp4").video
    assert found is not None
    assert found.turned
    made = run_all(run_step, take_in(turned), encode_video)["mp4"]
    assert (made.width, made.height) == (360, 640)
    with av.open(str(renditions.file_of(made))) as container:
        frame = next(container.decode(container.streams.video[0]))
        assert (frame.width, frame.height, frame.rotation) == (360, 640, 0)


def test_large_and_fast_pictures_are_made_smaller_and_slower(
    take_in: TakeIn, run_step: RunStep, tmp_path: Path
) -> None:
    big = film(tmp_path, "1200x1090", rate=60, encoder=("-c:v", "mpeg4", "-q:v", "10"), seconds=1)
    made = run_all(run_step, take_in(big), encode_video)["mp4"]
    assert (made.width, made.height) == (1188, 1080)
    assert size_of(renditions.file_of(made)) == (1188, 1080, "h264")
    with av.open(str(renditions.file_of(made))) as container:
        stream = container.streams.video[0]
        assert float(stream.average_rate or 0) == pytest.approx(30, abs=0.1)
        assert stream.codec_context.pix_fmt == "yuv420p"


def test_small_odd_pictures_are_not_made_larger(take_in: TakeIn, run_step: RunStep, tmp_path: Path) -> None:
    odd = film(
        tmp_path,
        "161x121",
        encoder=(
            "-c:v",
            "mjpeg",
        ),
    )
    made = run_all(run_step, take_in(odd), encode_video)["mp4"]
    assert (made.width, made.height) == (160, 120)


def test_encoded_pictures_are_the_same_bytes_again(take_in: TakeIn, run_step: RunStep, tmp_path: Path) -> None:
    recording = take_in(film(tmp_path, "320x180", encoder=("-c:v", "mpeg4")))
    first = run_all(run_step, recording, encode_video)["mp4"].sha256
    assert run_all(run_step, recording, encode_video)["mp4"].sha256 == first


def test_what_plays_only_here_and_there_is_not_copied(tmp_path: Path) -> None:
    video = probe(film(tmp_path, "320x180"), "film.mp4").video
    assert video is not None
    assert may_be_copied(video, 100_000, 2000)
    assert not may_be_copied(video, 10_000_000, 2000), "ten megabytes for two seconds"
    high10 = film(tmp_path, "320x180", encoder=("-c:v", "libx264", "-pix_fmt", "yuv420p10le"))
    video = probe(high10, "film.mp4").video
    assert video is not None
    assert not may_be_copied(video, 100_000, 2000)

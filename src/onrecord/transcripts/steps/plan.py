"""Plans how a recording is heard: with which model, in which language, in which windows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.conf import settings

from onrecord.catalogue.changes import episode_changed
from onrecord.jobs import queue
from onrecord.jobs.attempt import Attempt
from onrecord.jobs.queue import NewStep
from onrecord.jobs.registry import step
from onrecord.lib.errors import BadInput, Failed
from onrecord.recordings.models import Recording
from onrecord.recordings.pipeline import HEAR_PRIORITY, YIELDING
from onrecord.recordings.speech import speech_samples
from onrecord.transcripts import missing
from onrecord.transcripts.engines import weights, windows
from onrecord.transcripts.engines.language import Detected, code_of, detect
from onrecord.transcripts.engines.weights import Model
from onrecord.transcripts.engines.windows import Samples
from onrecord.transcripts.models import HeardWindow


@dataclass(frozen=True)
class Plan:
    """The model and the language, or why the recording is not heard (a key of `transcripts.missing`).

    `detected` when nobody had named the language; `advice` is for the publisher.
    """

    model: Model
    language: str = ""
    detected: bool = False
    refusal: str = ""
    advice: str = ""


@step("transcript.plan", loads=True)
def plan(attempt: Attempt) -> None:
    """Choose model, language and windows; leaves `HeardWindow` rows and a `transcript.hear` step for each."""
    recording = Recording.objects.select_related("episode__show").get(pk=attempt.subject)
    samples = speech_samples(recording)
    chosen = _choose(attempt, recording, samples)
    cuts = [] if chosen.refusal else windows.cut(samples)
    with attempt.finish():
        HeardWindow.objects.filter(recording=recording).delete()
        HeardWindow.objects.bulk_create(_rows(recording, chosen, cuts))
        queue.add_all(_steps(attempt, recording, chosen, len(cuts)))
        _note(recording, chosen)


def _choose(attempt: Attempt, recording: Recording, samples: Samples) -> Plan:
    wanted = attempt.parameters.get("model") or settings.ONRECORD.speech.model
    model = find(wanted, attempt)
    given = recording.episode.language
    if given:
        return _checked(Plan(model, code_of(given)))
    detected = _detect(model, attempt, samples, code_of(recording.episode.show.language))
    if not detected.spoken:
        return Plan(model, refusal=missing.NO_SPEECH)
    if not detected.code:
        return Plan(model, refusal=missing.NO_LANGUAGE)
    return _checked(Plan(model, detected.code, detected=True))


def _checked(chosen: Plan) -> Plan:
    """The plan, refused when the model does not know the language."""
    if weights.is_english_only(chosen.model) and chosen.language != "en":
        advice = f"A multilingual speech model such as {weights.STAND_IN} may hear this recording."
        return replace(chosen, refusal=missing.ENGLISH_ONLY, advice=advice)
    if not weights.knows(chosen.model, chosen.language):
        return replace(chosen, refusal=missing.UNKNOWN_LANGUAGE)
    return chosen


def find(wanted: str, attempt: Attempt) -> Model:
    """The model of that name or path, fetched if need be. A name that is none is no fault of the recording: Failed."""
    try:
        return weights.find_model(wanted, weights.cache_folder(), attempt.progress, settings.ONRECORD.folder)
    except BadInput as error:
        raise Failed(str(error)) from error


def _detect(model: Model, attempt: Attempt, samples: Samples, expected: str) -> Detected:
    """English-only models call everything English: another one listens first."""
    from onrecord.transcripts.engines.whisper import Ear

    knows_more = find(weights.STAND_IN, attempt) if weights.is_english_only(model) else model
    attempt.progress(0.5, "finding the language")
    return detect(samples, Ear(knows_more.path, settings.ONRECORD.speech.device).language, expected)


def _rows(recording: Recording, chosen: Plan, cuts: list[tuple[int, int]]) -> list[HeardWindow]:
    """One row a window; when nothing is to be heard, one empty row that says why."""
    report = {"language": chosen.language, "model": chosen.model.name, "refusal": chosen.refusal}
    return [
        HeardWindow(recording=recording, number=number, start_ms=start, end_ms=end, report=report)
        for number, (start, end) in enumerate(cuts or [(0, 0)])
    ]


def _steps(attempt: Attempt, recording: Recording, chosen: Plan, count: int) -> list[NewStep]:
    yielding = attempt.step.priority < 0
    return [
        NewStep(
            "transcript.hear",
            recording.pk,
            piece=number,
            group=recording.episode_id,
            after=("transcript.plan",),
            parameters={"model": chosen.model.source, "language": chosen.language},
            priority=HEAR_PRIORITY + (YIELDING if yielding else 0),
        )
        for number in range(count)
    ]


def _note(recording: Recording, chosen: Plan) -> None:
    """Write down what the publisher and the page should know: the language that was found, a model that stood in."""
    episode = recording.episode
    if chosen.detected and not type(episode).objects.filter(pk=episode.pk).exclude(language="").exists():
        type(episode).objects.filter(pk=episode.pk).update(language=chosen.language)
        episode_changed(episode.pk)
    recording.refresh_from_db(fields=["warnings"])
    fresh = [text for text in (chosen.model.warning, chosen.advice) if text and text not in recording.warnings]
    if fresh:
        recording.warnings += fresh
        recording.save(update_fields=["warnings"])

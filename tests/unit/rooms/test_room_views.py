"""What viewers are sent, in each format."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, strategies

from lingting.rooms.views import (
    Ended,
    LiveChange,
    Snapshot,
    Update,
    ViewFormat,
    ViewStyle,
    render_history,
    transcript_of,
)
from lingting.storage.rooms.room_records import Caption, RoomRecord
from lingting.text.subtitles import TranscriptFormat

pytestmark = pytest.mark.unit

RECORD = RoomRecord(
    name="talk",
    title="A talk",
    language="en",
    is_public=False,
    history_limit=5,
    ttl_seconds=60.0,
    publish_hash="p",
    view_hash="v",
)
JSON, VTT, TEXT = (ViewStyle(each) for each in ViewFormat)


def caption(text: str, *, segment: int = 1, is_final: bool = True, revision: int = 0) -> Caption:
    return Caption(1, segment, revision, segment * 1_000, segment * 1_000 + 900, text, is_final, "en", 1_700 + segment)


def snapshot(*captions: Caption, skipped: int = 0) -> Update:
    return Update(Snapshot(RECORD, captions, is_live=True, position=1_799, skipped=skipped))


def test_json_says_everything() -> None:
    told = json.loads(snapshot(caption("One."), skipped=3).written(JSON) or "")
    assert told == {
        "type": "snapshot",
        "room": "talk",
        "title": "A talk",
        "language": "en",
        "live": True,
        "skipped": 3,
        "captions": [
            {
                "id": "1-1",
                "revision": 0,
                "start_ms": 1_000,
                "end_ms": 1_900,
                "text": "One.",
                "is_final": True,
                "language": "en",
            }
        ],
    }


def test_a_vtt_snapshot_is_a_vtt_file() -> None:
    written = snapshot(caption("One."), caption("Two.", segment=2)).written(VTT)
    assert written == (
        "WEBVTT\n\n1-1\n00:00:01.000 --> 00:00:01.900\nOne.\n\n1-2\n00:00:02.000 --> 00:00:02.900\nTwo.\n"
    )


def test_what_a_slow_viewer_skipped_is_noted_in_vtt() -> None:
    assert snapshot(skipped=7).written(VTT) == "WEBVTT\n\nNOTE skipped 7\n"


def test_a_long_caption_is_several_cues_whose_names_differ() -> None:
    long = replace(caption(" ".join(["word"] * 60) + "."), end_ms=20_000)
    blocks = (Update(long).written(VTT) or "").split("\n\n")
    assert [block.split("\n")[0] for block in blocks][:3] == ["1-1", "1-1.1", "1-1.2"]
    assert all("-->" in block for block in blocks)


@pytest.mark.parametrize("text", ["00:01 --> 00:02", "a\n\nNOTE b", "<b>&amp;</b>", "WEBVTT"])
def test_no_text_breaks_out_of_its_cue(text) -> None:
    written = Update(caption(text)).written(VTT) or ""
    assert written.count("-->") == 1
    assert len(written.strip("\n").split("\n\n")) == 1
    assert "<b>" not in written


def test_plain_text_is_a_line_for_each_caption() -> None:
    assert snapshot(caption("One\ntwo."), caption("Three.", segment=2)).written(TEXT) == "One two.\nThree."
    assert snapshot().written(TEXT) is None
    assert Update(caption("")).written(TEXT) is None


def test_who_wants_no_partials_gets_none() -> None:
    finals_only = ViewStyle(ViewFormat.JSON, partials=False)
    open_caption = caption("Tw", segment=2, is_final=False)
    told = json.loads(snapshot(caption("One."), open_caption).written(finals_only) or "")
    assert Update(open_caption).written(finals_only) is None
    assert [each["text"] for each in told["captions"]] == ["One."]


@pytest.mark.parametrize(
    ("body", "told"),
    [(LiveChange(is_live=False), '{"type":"status","live":false}'), (Ended(), '{"type":"ended"}')],
)
def test_the_state_of_the_room_is_told_in_json(body, told) -> None:
    assert Update(body).written(JSON) == told
    assert Update(body).written(TEXT) is None


def test_events_carry_their_position_and_one_data_line_for_each_line() -> None:
    as_events = ViewStyle(ViewFormat.VTT, as_events=True)
    assert Update(caption("One.")).written(as_events) == (
        "id: 1701\ndata: 1-1\ndata: 00:00:01.000 --> 00:00:01.900\ndata: One.\n\n"
    )
    assert snapshot().written(as_events) == "id: 1799\ndata: WEBVTT\n\n"
    assert Update(Ended()).written(ViewStyle(as_events=True)) == 'data: {"type":"ended"}\n\n'


@given(strategies.text())
def test_no_text_breaks_out_of_its_event(text) -> None:
    for chosen in ViewFormat:
        written = Update(caption(text)).written(ViewStyle(chosen, as_events=True))
        if written is not None:
            lines = written.encode().decode().split("\n")
            assert lines[-2:] == ["", ""]
            assert all(line.startswith(("id: ", "data: ")) for line in lines[:-2])
            assert "\r" not in written


def test_an_update_is_written_once_for_each_style() -> None:
    update = Update(caption("One."))
    first = update.written(VTT)
    assert update.written(ViewStyle(ViewFormat.VTT)) is first


def test_a_history_has_its_times_and_the_language_of_the_room() -> None:
    said = [caption("One."), caption("Two.", segment=2)]
    transcript = transcript_of(said, "zh")
    assert (transcript.language, transcript.duration_seconds) == ("zh", 2.9)
    assert transcript_of(said).language == "en"
    assert render_history(said, "", TranscriptFormat.TEXT) == "One.\nTwo.\n"
    assert render_history([], "", TranscriptFormat.SRT) == ""

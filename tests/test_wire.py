"""The golden messages of `tests/wire`, which the browser's tests read too, are what the protocol says and takes."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from meetings.protocol.events import AudioEvent, RoomEvent
from meetings.protocol.frames import decode_frame, encode_frame
from meetings.protocol.refusals import ProtocolError
from meetings.protocol.texts import decode_audio_request, decode_room_request, encode

WIRE = Path(__file__).parent / "wire"


def golden(name: str) -> Any:
    return json.loads((WIRE / f"{name}.json").read_text())


def named(cases: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in cases]


@pytest.mark.parametrize("case", named(golden("room_requests")))
def test_a_room_request_is_taken_as_it_is_written(case: dict[str, Any]) -> None:
    request = decode_room_request(json.dumps(case["message"]))
    assert msgspec.to_builtins(request) == case["message"]


@pytest.mark.parametrize("case", named(golden("audio_requests")))
def test_an_audio_request_is_taken_as_it_is_written(case: dict[str, Any]) -> None:
    request = decode_audio_request(json.dumps(case["message"]))
    assert msgspec.to_builtins(request) == case["message"]


@pytest.mark.parametrize("case", named(golden("room_events")))
def test_a_room_event_is_said_as_it_is_written(case: dict[str, Any]) -> None:
    event = msgspec.convert(case["message"], RoomEvent)
    assert json.loads(encode(event)) == case["message"]


@pytest.mark.parametrize("case", named(golden("audio_events")))
def test_an_audio_event_is_said_as_it_is_written(case: dict[str, Any]) -> None:
    event = msgspec.convert(case["message"], AudioEvent)
    assert json.loads(encode(event)) == case["message"]


@pytest.mark.parametrize(
    ("events", "file"),
    [(RoomEvent, "room_events"), (AudioEvent, "audio_events")],
)
def test_every_event_has_a_golden_message(events: Any, file: str) -> None:
    types = {event.__struct_config__.tag for event in events.__args__}
    assert types == {case["message"]["type"] for case in golden(file)}


@pytest.mark.parametrize("case", named(golden("frames")))
def test_a_frame_has_exactly_these_bytes(case: dict[str, Any]) -> None:
    frame = decode_frame(bytes.fromhex(case["hex"]))
    samples = [int.from_bytes(frame.pcm[i : i + 2], "little", signed=True) for i in range(0, len(frame.pcm), 2)]
    assert (frame.first_sample, frame.age_ms, samples) == (case["first_sample"], case["age_ms"], case["samples"])
    assert encode_frame(frame).hex() == case["hex"]


@pytest.mark.parametrize("case", named(golden("refused")["room"]))
def test_a_bad_room_message_is_refused_with_a_stable_code(case: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as refusal:
        decode_room_request(case["text"])
    assert refusal.value.code == case["code"]


@pytest.mark.parametrize("case", named(golden("refused")["audio"]))
def test_a_bad_audio_message_is_refused_with_a_stable_code(case: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as refusal:
        decode_audio_request(case["text"])
    assert refusal.value.code == case["code"]


@pytest.mark.parametrize("case", named(golden("refused")["frames"]))
def test_a_bad_frame_is_refused_with_a_stable_code(case: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as refusal:
        decode_frame(bytes.fromhex(case["hex"]))
    assert refusal.value.code == case["code"]

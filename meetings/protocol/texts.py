"""JSON texts to and from messages."""

from typing import TypeVar

import msgspec

from meetings.protocol.events import AudioEvent, RoomEvent
from meetings.protocol.refusals import ProtocolError
from meetings.protocol.requests import AudioRequest, RoomRequest

MAX_TEXT_BYTES = 16 * 1024


_Request = TypeVar("_Request")
_encoder = msgspec.json.Encoder()
_room_decoder = msgspec.json.Decoder(RoomRequest)
_audio_decoder = msgspec.json.Decoder(AudioRequest)


def encode(message: RoomEvent | AudioEvent) -> str:
    return _encoder.encode(message).decode()


def decode_room_request(text: str) -> RoomRequest:
    request: RoomRequest = _decode(_room_decoder, text)
    return request


def decode_audio_request(text: str) -> AudioRequest:
    request: AudioRequest = _decode(_audio_decoder, text)
    return request


def _decode(decoder: "msgspec.json.Decoder[_Request]", text: str) -> _Request:
    if len(text) > MAX_TEXT_BYTES:
        raise ProtocolError("message_too_large", f"a message may have {MAX_TEXT_BYTES} characters")
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        raise ProtocolError("message_invalid", str(error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise ProtocolError("not_json", "the message is not JSON") from error

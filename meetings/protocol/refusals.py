"""Why a message is refused and why a socket is closed."""

from enum import IntEnum


class CloseCode(IntEnum):
    """Why the server closed a socket. The browser does not retry the codes from 4400 to 4499."""

    RESTARTING = 1012  # the server goes down for a deploy: reconnect at once
    BAD_MESSAGES = 4400  # too many refused messages
    NOT_SIGNED_IN = 4401  # no session, or it ended while connected
    REMOVED = 4403  # a host removed the participant
    SCOPE_MISSING = 4405  # a program's token may not do this
    NOT_FOUND = 4404  # no such meeting, or not a participant of it
    SUPERSEDED = 4409  # the same participant opened another tab
    MEETING_ENDED = 4410
    TOO_LARGE = 4413  # a frame beyond MAX_FRAME_BYTES
    WAITING = 4423  # a host has not let the person in yet
    TOO_FAST = 4429  # audio far faster than real time, more messages than can be answered, more streams than allowed
    SILENT_CLIENT = 4508  # no sign of life, or the client stopped reading: reconnect
    TRY_LATER = 4503  # a store is away: reconnect


class ProtocolError(Exception):
    """A message that is refused. `code` is stable and for programs, the text is for people, `about` an id in it."""

    def __init__(self, code: str, message: str, about: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.about = about

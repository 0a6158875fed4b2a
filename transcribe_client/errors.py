"""Why the command ends, as the number that the shell sees."""

from enum import IntEnum


class Exit(IntEnum):
    DONE = 0
    USAGE = 2  # as argparse has it
    NOT_ALLOWED = 3  # the token is unknown, ended, or lacks a scope
    NOT_FOUND = 4  # no such meeting or format, or it is over
    UNREACHABLE = 5  # no server, or it stayed away too long
    NO_AUDIO = 6  # the file or the microphone cannot be read
    REFUSED = 7  # whatever else the server says no to
    INTERRUPTED = 130


class ClientError(Exception):
    """Ends the command with `code`; the text is for people."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code

"""The package's errors. `retryable` says whether the same call may succeed later."""


class TranscriptionError(Exception):
    """Base of every error this package raises on purpose."""

    retryable = False


class ModelUnavailable(TranscriptionError):
    """The model could not be found or fetched; the message says where it was looked for and what to do."""


class EngineFailed(TranscriptionError):
    """A decode hung, crashed or ran out of memory; the engine is being restarted."""

    retryable = True


class ServerUnavailable(TranscriptionError):
    """The server behind an engine does not answer now; the window is worth another try, unless it is at fault."""

    retryable = True

    def __init__(self, reason: str, *, doubtful: bool) -> None:
        super().__init__(reason)
        self.doubtful = doubtful  # it may be the window that the server fails on


class WindowRefused(TranscriptionError):
    """The server behind an engine will never answer for this window."""


class BusFull(TranscriptionError):
    """The stream's backlog is at its bound, or Redis is out of memory: keep the audio and send it again."""

    retryable = True


class StreamSuperseded(TranscriptionError):
    """Another connection writes this stream now."""


class LeaseLost(TranscriptionError):
    """Another transcriber owns this stream now; what was decoded here must not be stored."""


class AudioOutOfRange(TranscriptionError):
    """A frame lies where no audio can be yet."""


class BusUnavailable(TranscriptionError):
    """Redis cannot be reached."""

    retryable = True


class StreamUnknown(TranscriptionError):
    """The bus does not know the stream (it is new, expired, or Redis lost its data): register it again."""

    retryable = True


class StoreUnavailable(TranscriptionError):
    """The store cannot take a caption now; it is kept and tried again."""

    retryable = True

"""What stops a start."""


class LaunchError(Exception):
    """The product cannot start; the message is one line that says why and what to do."""


class AlreadyRunning(LaunchError):
    """Another start uses the same data folder."""

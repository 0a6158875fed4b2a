"""`transcribe-client mic`, `transcribe-client FILE`, `transcribe-client export MEETING --format docx`."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from transcribe_client.audio import from_file, from_microphone
from transcribe_client.errors import ClientError, Exit
from transcribe_client.exporting import export
from transcribe_client.screen import Lines, Screen
from transcribe_client.streaming import Session, Wanted

FAST = 6.0  # times real time at most; servers refuse what is much faster than that


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code; see `errors.Exit`."""
    given = _parser().parse_args(arguments)
    token = _token(given.token_file)
    try:
        if not token:
            raise ClientError(Exit.NOT_ALLOWED, "no token: set TRANSCRIBE_TOKEN, or name a file with --token-file")
        if given.what == "export":
            print(export(given.server.rstrip("/"), token, given.meeting, given.format, given.output))
        else:
            asyncio.run(_stream(given, token))
    except ClientError as error:
        print(f"transcribe-client: {error}", file=sys.stderr)
        return int(error.code)
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
    return int(Exit.DONE)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    server = os.environ.get("TRANSCRIBE_SERVER", "http://localhost:8000")
    common.add_argument("--server", default=server, help="where it is (TRANSCRIBE_SERVER; %(default)s)")
    common.add_argument("--token-file", type=Path, help="holds the token; otherwise TRANSCRIBE_TOKEN does")
    streaming = argparse.ArgumentParser(add_help=False, parents=[common])
    streaming.add_argument(
        "--meeting", default="", help="the join code of a meeting to speak in; otherwise one of its own"
    )
    streaming.add_argument("--language", default="", help="BCP-47, for example en; otherwise it is found")
    streaming.add_argument("--words", action="store_true", help="with --json: every word's times and confidence")
    streaming.add_argument("--json", action="store_true", help="print every message as a line of JSON")
    parser = argparse.ArgumentParser(prog="transcribe-client", description="Speech to text, from the command line.")
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("mic", parents=[streaming], help="stream the microphone until Ctrl-C")
    file = commands.add_parser("file", parents=[streaming], help="stream a file of any format")
    file.add_argument("path", type=Path)
    file.add_argument("--fast", action="store_true", help="as fast as the server takes it, not as it was spoken")
    minutes = commands.add_parser("export", parents=[common], help="fetch the minutes of a meeting")
    minutes.add_argument("meeting", help="its id or join code")
    minutes.add_argument("--format", default="docx", help="docx, pdf, md, txt, srt, vtt, json or csv (%(default)s)")
    minutes.add_argument("--output", type=Path, help="the file to write; otherwise named by the server")
    return parser


def _token(file: Path | None) -> str:
    """Not an argument of the command, which everybody on the machine could read."""
    if file is None:
        return os.environ.get("TRANSCRIBE_TOKEN", "").strip()
    try:
        return file.read_text().strip()
    except OSError:
        return ""


async def _stream(given: argparse.Namespace, token: str) -> None:
    screen = Lines() if given.json else Screen()
    wanted = Wanted(given.server, token, given.meeting, given.language, given.words)
    session = Session(wanted, screen, waits=given.what == "file")
    audio = from_microphone() if given.what == "mic" else from_file(given.path, FAST if given.fast else 1.0)
    loop = asyncio.get_running_loop()

    def finish() -> None:
        """The first Ctrl-C flushes, the second one ends at once."""
        session.finish()
        loop.remove_signal_handler(signal.SIGINT)

    loop.add_signal_handler(signal.SIGINT, finish)
    if given.what == "mic":
        screen.note("speak; Ctrl-C ends")
    summary = await session.run(audio)
    if not summary["complete"]:
        screen.note("the last words come later: export the meeting then")


def start() -> None:
    """The installed command; `transcribe-client FILE` is short for `transcribe-client file FILE`."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] not in {"mic", "file", "export"} and not arguments[0].startswith("-"):
        arguments = ["file", *arguments]
    sys.exit(main(arguments))


if __name__ == "__main__":
    start()

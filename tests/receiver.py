"""A receiver of webhooks as a process of its own: `python -m tests.receiver PORT FILE`.

It answers each POST with the next status of `FILE.answers` (200 after those) and writes what it was sent to FILE, a
line of JSON each.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Receiver(BaseHTTPRequestHandler):
    heard: Path
    answers: list[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        line = json.dumps({"path": self.path, "headers": dict(self.headers), "body": body})
        with self.heard.open("a") as file:
            file.write(f"{line}\n")
        self.send_response(self.answers.pop(0) if self.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: what was heard is in the file."""


def main(port: int, heard: Path) -> None:
    Receiver.heard = heard
    answers = heard.with_suffix(".answers")
    Receiver.answers = [int(word) for word in answers.read_text().split()] if answers.exists() else []
    HTTPServer(("127.0.0.1", port), Receiver).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))

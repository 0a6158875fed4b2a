"""A language model's server that speaks OpenAI's protocol, in a process of its own: scripted by a file of rules.

`python -m tests.language_model_server PORT RULES` answers each `POST /v1/chat/completions` by the first rule of the
JSON file whose `when` stands in what was asked. It writes what it was asked to RULES.asked, one JSON a line.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

RULES = Path(sys.argv[2]) if __name__ == "__main__" else Path()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, {"data": []})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with RULES.with_suffix(".asked").open("a") as log:
            log.write(json.dumps({**asked, "authorization": self.headers["Authorization"]}) + "\n")
        said = "\n".join(message["content"] for message in asked["messages"])
        rule = next((rule for rule in json.loads(RULES.read_text()) if rule.get("when", "") in said), {"status": 404})
        if "refuses" in rule and rule["refuses"] in asked:
            rule = {"status": 400}
        time.sleep(rule.get("seconds", 0))
        if self.path != "/v1/chat/completions":
            rule = {"status": 404}
        content = rule.get("content", "")
        text = content if isinstance(content, str) else json.dumps(content)
        whole = {"choices": [{"message": {"role": "assistant", "content": text}}]}
        self._answer(rule.get("status", 200), rule.get("body", whole))

    def _answer(self, status: int, body: Any) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()

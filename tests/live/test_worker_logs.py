"""A worker's log is written as LOG_FORMAT says, like that of every other process."""

import json
import time

from tests.stack import NewStack


def test_a_worker_logs_json_where_that_is_asked_for(new_stack: NewStack) -> None:
    stack = new_stack(LOG_FORMAT="json")
    stack.start_worker()
    stack.manage("shell", "-v", "0", "-c", "from config.celery import app; app.send_task('no.such.task')")
    deadline = time.monotonic() + 60
    while "no.such.task" not in stack.log("worker"):
        assert time.monotonic() < deadline, stack.log("worker")
        time.sleep(0.2)
    lines = [json.loads(line) for line in stack.log("worker").splitlines() if line.startswith("{")]
    assert [line["level"] for line in lines if "no.such.task" in line["message"]] == ["error"]

"""The engine that asks a server, against a server on this machine: what it sends, what it makes of every answer."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.transcription_server import Answer, Request, Script, serving
from transcription.captions import SAMPLE_RATE
from transcription.engines.base import UNCLEAR, EngineSettings, RemoteServer, Window
from transcription.engines.openai import OpenAIEngine
from transcription.errors import ModelUnavailable

KEY = "sk-secret-1"
SECOND = bytes(2 * SAMPLE_RATE)
Start = Callable[..., OpenAIEngine]


class Server:
    """Answers from a list, the last again and again; a silent probe is answered as well as it works."""

    def __init__(self, *answers: Answer, probe: Answer | None = None) -> None:
        self.answers = list(answers)
        self.probe = probe or Answer({"text": ""})
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Answer:
        if request.seconds < 0.6:
            return self.probe
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as running:

        def made(script: Script, timeout: float = 2.0) -> OpenAIEngine:
            url = running.enter_context(serving(script))
            return OpenAIEngine(EngineSettings("whisper-1", server=RemoteServer(url, KEY, timeout)))

        yield made


def hello(**more: object) -> Answer:
    return Answer({"text": "Hello there, friend.", "language": "english", **more})


def final(pcm: bytes = SECOND, **more: object) -> Window:
    return Window(pcm, True, **more)  # type: ignore[arg-type]


def test_a_window_goes_as_wav_with_key_model_language_and_vocabulary(start: Start) -> None:
    server = Server(hello())
    start(server).decode([final(bytes(range(250)) * 100, language="pt-BR", vocabulary=("Ada", "Grafana"))])
    [request] = server.requests
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.pcm == bytes(range(250)) * 100
    assert request.fields["model"] == ["whisper-1"]
    assert request.fields["language"] == ["pt"]
    assert request.fields["prompt"] == ["Ada, Grafana"]
    assert request.fields["response_format"] == ["verbose_json"]
    assert request.fields["timestamp_granularities[]"] == ["segment", "word"]


def test_words_take_their_times_from_the_server_and_their_punctuation_from_the_text(start: Start) -> None:
    words = [
        {"word": "Hello", "start": 0.1, "end": 0.3, "probability": 0.5},
        {"word": "there", "start": 0.3, "end": 0.5},
        {"word": "friend", "start": 0.6, "end": 0.9},
    ]
    [heard] = start(Server(hello(words=words))).decode([final()])
    assert heard.texts == ("Hello", "there,", "friend.")
    assert [(word.start, word.end) for word in heard.words] == [(1_600, 4_800), (4_800, 8_000), (9_600, 14_400)]
    assert heard.words[0].confidence == 0.5
    assert (heard.language, heard.languages) == ("en", {"en": 1.0})


def test_a_word_the_server_gave_no_time_lies_between_its_neighbours(start: Start) -> None:
    words = [{"word": "Hello", "start": 0.1, "end": 0.3}, {"word": "friend", "start": 0.6, "end": 0.9}]
    [heard] = start(Server(hello(words=words))).decode([final()])
    assert (heard.words[1].start, heard.words[1].end) == (4_800, 9_600)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"words": [], "segments": []},
        {"segments": [{"text": "Hello there, friend.", "start": 0.0, "end": 1.0, "avg_logprob": -0.1}]},
        {"words": [{"word": "Hello", "start": -5, "end": 1e300}, {"word": "there", "start": 0.9, "end": 0.1}]},
        {"words": None, "segments": None, "language": "klingon"},
    ],
)
def test_times_are_in_order_and_inside_the_window_whatever_comes(start: Start, more: dict[str, object]) -> None:
    [heard] = start(Server(hello(**more))).decode([final()])
    assert heard.texts == ("Hello", "there,", "friend.")
    times = [time for word in heard.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= SAMPLE_RATE
    assert all(0.0 <= word.confidence <= 1.0 for word in heard.words)


def test_text_for_silence_is_not_believed(start: Start) -> None:
    ghost = {"text": "Thank you.", "avg_logprob": -1.5, "no_speech_prob": 0.9, "start": 0, "end": 1}
    [heard] = start(Server(Answer({"text": "Thank you.", "segments": [ghost]}))).decode([final()])
    assert heard.words == ()


def test_a_loop_stays_unclear(start: Start) -> None:
    assert start(Server(Answer({"text": "I said so. " * 40}))).decode([final()]) == [UNCLEAR]


def test_a_server_that_knows_only_plain_answers_is_asked_for_them(start: Start) -> None:
    def plain(request: Request) -> Answer:
        if request.fields["response_format"] != ["json"]:
            return Answer({"error": {"message": "response_format 'verbose_json' is not compatible"}}, 400)
        return Answer({"text": "Hello."})

    engine = start(plain)
    engine.warm_up()
    assert engine.decode([final()])[0].texts == ("Hello.",)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_failure_is_tried_once_more(start: Start, status: int) -> None:
    server = Server(Answer({}, status), hello())
    assert start(server).decode([final()])[0].texts == ("Hello", "there,", "friend.")
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [301, 401, 403, 404, 429, 503])
def test_a_failure_of_the_server_leaves_the_window_unanswered(start: Start, status: int) -> None:
    server = Server(Answer({}, status, {"Location": "http://127.0.0.1:9/"}))
    [heard] = start(server).decode([final()])
    assert str(status) in heard.unanswered
    assert len(server.requests) <= 2


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_window_that_is_refused_stays_unclear_and_is_not_sent_again(start: Start, status: int) -> None:
    server = Server(Answer({"error": {"message": "audio file is too long"}}, status))
    engine = start(server)
    assert engine.decode([final()]) == [UNCLEAR]
    assert engine.decode([Window(SECOND, final=False)])[0].words == ()
    assert len(server.requests) == 2


def test_a_window_the_server_always_fails_on_stays_unclear_while_it_answers_others(start: Start) -> None:
    server = Server(Answer({}, 500))
    assert start(server).decode([final()]) == [UNCLEAR]
    server.probe = Answer({}, 500)
    assert start(server).decode([final()])[0].unanswered


@pytest.mark.parametrize(
    "body", [b"<html>", b"[1]", b'{"text": 5}', b'{"segments": []}', b'{"text": "x"}' + b" " * (2 << 20)]
)
def test_an_answer_that_is_no_transcription_is_none(start: Start, body: bytes) -> None:
    assert start(Server(Answer(body))).decode([final()])[0].unanswered


def test_a_server_that_hangs_costs_its_timeouts_and_no_more(start: Start) -> None:
    def hangs(request: Request) -> Answer:
        time.sleep(3)
        return hello()

    started = time.monotonic()
    [heard] = start(hangs, timeout=0.3).decode([final()])
    assert "no answer within 0.3 s" in heard.unanswered
    assert time.monotonic() - started < 2.0


def test_windows_are_asked_at_the_same_time(start: Start) -> None:
    def slow(request: Request) -> Answer:
        time.sleep(0.5)
        return hello()

    started = time.monotonic()
    assert len(start(slow).decode([final()] * 6)) == 6
    assert time.monotonic() - started < 2.0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer({"error": {"message": f"Incorrect API key provided: {KEY}"}}, 401), "401: Incorrect API key"),
        (Answer({"error": {"message": "The model `whisper-1` does not exist"}}, 404), "does not exist"),
        (Answer(b"hello"), "no transcription"),
    ],
)
def test_what_is_wrong_is_said_at_the_start_without_the_key(start: Start, answer: Answer, said: str) -> None:
    with pytest.raises(ModelUnavailable) as raised:
        start(Server(probe=answer)).warm_up()
    assert said in str(raised.value)
    assert KEY not in str(raised.value)


def test_a_server_that_is_not_there_is_said_at_the_start() -> None:
    engine = OpenAIEngine(EngineSettings("whisper-1", server=RemoteServer("http://127.0.0.1:9/v1")))
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1:9/v1: cannot be reached"):
        engine.warm_up()


def test_settings_never_show_the_key() -> None:
    assert KEY not in repr(EngineSettings("m", server=RemoteServer("http://localhost/v1", KEY)))

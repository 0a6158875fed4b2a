"""One speaker's stream: audio in, windows to decode, captions out. No clock, no tasks, no engine: only state.

Finals depend on the audio alone, and on what the others of the meeting speak where it leaves the language open. Voice
activity cuts it into utterances, each is decoded whole once it ended (or at its first short silence, when it may have
ended), after the finals before it and without knowing of its partials.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from transcription.captions import SAMPLE_RATE, Caption, Gap, Partial, Settled
from transcription.context import Context
from transcription.endpointing import Endpointer, EndpointRules, Span
from transcription.engines.base import Hypothesis, Window
from transcription.growing import GrowingCaption
from transcription.intake import Intake, Run
from transcription.language import LanguageEvidence, SpeakerLanguage
from transcription.streams import StreamInfo
from transcription.utterances import Utterance, final_caption, join_partials
from transcription.vad import FRAME, VoiceActivity

PARTIAL_CONTEXT = 3 * SAMPLE_RATE
FINAL_CONTEXT = 4 * SAMPLE_RATE  # at least, and of a short utterance…
FINAL_TOGETHER = 16 * SAMPLE_RATE  # …what makes so much with it
UNHURRIED = 3 * SAMPLE_RATE // 5  # a partial that takes more new audio than this says that others wait: no drafts then
SETTLE_EVERY = 5 * SAMPLE_RATE  # in silence


@dataclass(frozen=True, slots=True)
class Job:
    """A window and the stretch of the stream it covers; `span_end` is None while the utterance is open."""

    window: Window
    start: int
    end: int
    ended: bool  # the utterance is over
    draft: bool  # it may be over

    @property
    def thorough(self) -> bool:
        """Decoded as a final is; else it is a partial."""
        return self.ended or self.draft


class SpeakerProcessor:
    """Push audio, decode what `next_job` gives, hand the result to `apply`, take the captions.

    A final and a partial may be decoded at the same time, so that nobody's next words wait for the final of the last.
    """

    def __init__(
        self,
        stream: StreamInfo,
        activity: VoiceActivity,
        resume_sample: int = 0,
        rules: EndpointRules | None = None,
        company: LanguageEvidence | None = None,
    ) -> None:
        self._stream = stream
        self._activity = activity
        self._rules = rules or EndpointRules()
        self._intake = Intake(stream.sample_rate, resume_sample)
        self._endpointer = Endpointer(self._rules, resume_sample)
        self._audio = bytearray()  # PCM16 from `_audio_start`: the open utterance, or the pre-roll of the next
        self._audio_start = self._heard = resume_sample  # `_heard`: voice activity is known up to here
        self._settled = resume_sample
        self._line: deque[Utterance | Gap | Settled] = deque()  # in stream order, waiting for the first to be ready
        self._caption: GrowingCaption | None = None  # of the open utterance, once it was decoded
        self._language = SpeakerLanguage(stream.language, company, stream.preferred_languages)
        self._context = Context()
        self._changed = False  # a partial is to be shown
        self._draft: tuple[int, Hypothesis] | None = None  # end of the utterance it would be, what was heard
        self._refused: int | None = None  # start of an utterance that the engine failed on: no more partials
        self._final_asked = self._partial_asked = False  # what the engine has in hand; a draft is asked as a final is

    # ── Audio in ────────────────────────────────────────────────────────────────────────────────────────────────────

    def push(self, pcm: bytes, first_sample: int) -> None:
        for run in self._intake.push(pcm, first_sample):
            self._take(run)

    def flush(self) -> None:
        """The microphone stopped: end the utterance with the audio there is."""
        for run in self._intake.flush():
            self._take(run)
        self._end_run()
        self._settle(self._position)

    @property
    def _position(self) -> int:
        return self._audio_start + len(self._audio) // 2

    def _take(self, run: Run) -> None:
        if run.gap_start is not None:
            self._end_run()
            self._line.append(Gap(run.gap_start, run.start))
            self._restart_at(run.start)
        self._audio += run.samples.astype("<i2").tobytes()
        self._hear((self._position - self._heard) // FRAME)

    def _hear(self, frames: int) -> None:
        begin = 2 * (self._heard - self._audio_start)
        samples = np.frombuffer(bytes(self._audio[begin : begin + 2 * FRAME * frames]), "<i2")
        for probability in self._activity.probabilities(samples):
            span = self._endpointer.feed(self._heard, probability)
            self._heard += FRAME
            if span is not None:
                self._close(span)
        self._forget_silence()

    def _end_run(self) -> None:
        missing = -(self._position - self._heard) % FRAME
        if missing and self._position > self._heard:
            end = self._position
            self._audio += bytes(2 * missing)
            self._hear(1)
            del self._audio[2 * max(0, end - self._audio_start) :]
        span = self._endpointer.close(self._position)
        if span is not None:
            self._close(span)

    def _restart_at(self, start: int) -> None:
        self._activity.reset()
        self._audio.clear()
        self._audio_start = self._heard = start
        self._endpointer.floor = max(self._endpointer.floor, start)

    def _close(self, span: Span) -> None:
        """The utterance is over: queue it for its final, or drop it when it was a click."""
        self._settled = max(self._settled, span.end)
        if span.voiced >= self._rules.voiced:
            utterance = Utterance(span, self._cut(span.start, span.end))
            if self._caption is not None:
                utterance.shown, utterance.words = self._caption.partial, self._caption.words
            if self._draft is not None and self._draft[0] == span.end:
                self._finish(utterance, self._draft[1])
            self._line.append(utterance)
        self._draft = self._caption = None

    def _cut(self, start: int, end: int) -> bytes:
        return bytes(self._audio[2 * (start - self._audio_start) : 2 * (end - self._audio_start)])

    def _forget_silence(self) -> None:
        """Keep the open utterance, or what may become the start of the next."""
        span = self._endpointer.open
        keep = span.start if span else max(self._heard - self._rules.pre_roll, self._endpointer.floor)
        keep = min(keep, self._heard)
        if keep > self._audio_start:
            del self._audio[: 2 * (keep - self._audio_start)]
            self._audio_start = keep
        if span is None and keep - self._settled >= SETTLE_EVERY:
            self._settle(keep)

    def _settle(self, sample: int) -> None:
        if sample > self._settled:
            self._settled = sample
            self._line.append(Settled(sample))
            self._endpointer.floor = max(self._endpointer.floor, sample)

    # ── Windows out, hypotheses in ──────────────────────────────────────────────────────────────────────────────────

    @property
    def background(self) -> bool:
        return self._stream.background

    @property
    def wants_final(self) -> bool:
        return not self._final_asked and self._unheard() is not None

    @property
    def suspect(self) -> bool:
        """The next final is of an utterance on which the engine failed before."""
        utterance = self._unheard()
        return utterance is not None and utterance.span.start == self._refused

    def wants_decode(self, cadence: int) -> bool:
        """Whether `next_job` has something to do."""
        return self.wants_final or self._open_target(cadence) is not None

    def next_job(self, cadence: int) -> Job | None:
        """What to decode next; a partial only when `cadence` new samples are there. One of either at a time."""
        job = self._final_job() or self._open_job(cadence)
        if job is not None:
            self._ask(job, asked=True)
        return job

    def _ask(self, job: Job, *, asked: bool) -> None:
        if job.thorough:
            self._final_asked = asked
        else:
            self._partial_asked = asked

    def _unheard(self) -> Utterance | None:
        return next((item for item in self._line if isinstance(item, Utterance) and item.hypothesis is None), None)

    def _final_job(self) -> Job | None:
        utterance = self._unheard()
        if utterance is None or self._final_asked:
            return None
        span, window = utterance.span, self._final_window(utterance.span.start, utterance.pcm)
        return Job(window.again() if self.suspect else window, span.start, span.end, ended=True, draft=False)

    def _open_job(self, cadence: int) -> Job | None:
        target, span = self._open_target(cadence), self._endpointer.open
        if target is None or span is None:
            return None
        end, draft = target
        if draft:
            window = self._final_window(span.start, self._cut(span.start, end))
        else:
            window = self._partial_window(span, end)
        return Job(window, span.start, end, ended=False, draft=draft)

    def _open_target(self, cadence: int) -> tuple[int, bool] | None:
        """Where a decode of the open utterance would end, and whether it would be a draft of the final."""
        span = self._endpointer.open
        if span is None or self.background or span.voiced < self._rules.voiced or span.start == self._refused:
            return None
        if self._endpointer.silence(self._heard) >= self._rules.draft and cadence <= UNHURRIED:
            end = span.end + self._rules.post_roll
            if self._draft is not None and self._draft[0] == end:
                return None
            if not self._final_asked and self._unheard() is None:
                return end, True
        decoded = self._caption.end if self._caption else span.start
        fresh = self._heard - decoded >= cadence and span.end > decoded
        return (self._heard, False) if fresh and not self._partial_asked else None

    def _final_window(self, start: int, pcm: bytes) -> Window:
        longest = max(FINAL_CONTEXT, FINAL_TOGETHER - len(pcm) // 2)
        before, words = self._context.before(start, longest) if self._language.is_sure else (b"", "")
        return Window(
            before + pcm,
            final=True,
            language=self._language.given,
            leaning=self._language.leaning,
            context_samples=len(before) // 2,
            context=words,
            vocabulary=self._stream.vocabulary,
        )

    def _partial_window(self, span: Span, end: int) -> Window:
        start = self._caption.start if self._caption else span.start
        language = self._language.likely
        prefix, guess, heard = self._caption.known if self._caption else ("", "", start)
        fresh = self._caption is None or self._caption.start == span.start
        before, words = self._newest_context.before(start, PARTIAL_CONTEXT) if language and fresh else (b"", "")
        return Window(
            before + self._cut(start, end),
            final=False,
            language=language,
            leaning=self._language.leaning,
            context_samples=len(before) // 2,
            context=words,
            prefix=prefix,
            guess=guess,
            heard_samples=len(before) // 2 + heard - start,
        )

    @property
    def _newest_context(self) -> Context:
        """For partials: with what was heard of an utterance that still waits for its final."""
        last = self._line[-1] if self._line else None
        if not isinstance(last, Utterance) or last.hypothesis is not None or not last.words:
            return self._context
        context = Context()
        context.add(final_caption(last.span, Hypothesis(last.words, self._language.likely)), last.pcm)
        return context

    def apply(self, job: Job, hypothesis: Hypothesis | None) -> None:
        """The engine's answer; None when it failed on a window that need not be decoded."""
        self._ask(job, asked=False)
        if hypothesis is None:
            self._refused = job.start
            return
        if job.thorough:
            self._apply_final(job, hypothesis)
        if not job.ended:
            self._apply_partial(job, hypothesis)

    def _apply_final(self, job: Job, hypothesis: Hypothesis) -> None:
        for item in self._line:
            if isinstance(item, Utterance) and (item.span.start, item.span.end) == (job.start, job.end):
                self._finish(item, hypothesis)
                return
        if self._endpointer.open is not None and self._endpointer.open.start == job.start:
            self._draft = (job.end, hypothesis)

    def _finish(self, utterance: Utterance, hypothesis: Hypothesis) -> None:
        """Its words are known; they tell the language of the next before anybody takes the caption."""
        utterance.hypothesis = hypothesis
        if not hypothesis.words:
            return
        self._context.add(final_caption(utterance.span, hypothesis), utterance.pcm)
        self._language.hear(hypothesis.languages, (utterance.span.end - utterance.span.start) / SAMPLE_RATE)

    def _apply_partial(self, job: Job, hypothesis: Hypothesis) -> None:
        span = self._endpointer.open
        if span is None or span.start != job.start:
            return
        self._caption = self._caption or GrowingCaption(span.start)
        hear = self._caption.hear_draft if job.draft else self._caption.hear
        hear(hypothesis, job.end)
        self._changed = True

    # ── Captions out ────────────────────────────────────────────────────────────────────────────────────────────────

    def take(self) -> list[Caption]:
        """Captions that are ready, in stream order; the partial, if there is a new one, last."""
        ready: list[Caption] = []
        while self._line:
            item = self._line[0]
            if isinstance(item, Utterance):
                if item.hypothesis is None:
                    break
                self._changed = self._caption is not None or len(self._line) > 1
                ready += [item.caption, item.settled]
            else:
                ready.append(item)
            self._line.popleft()
        if self._changed and (partial := self._shown()):
            ready.append(partial)
        self._changed = False
        return ready

    def _shown(self) -> Partial | None:
        """The open utterance, after those that still wait for their finals."""
        parts = [item.shown for item in self._line if isinstance(item, Utterance)]
        parts.append(self._caption.partial if self._caption else None)
        return join_partials([part for part in parts if part is not None])

    @property
    def idle(self) -> bool:
        """Nothing waits for a decode."""
        return not self._line and self._endpointer.open is None

    @property
    def backlog_samples(self) -> int:
        """Ended utterances whose final is not there yet."""
        return sum(item.span.end - item.span.start for item in self._line if isinstance(item, Utterance))

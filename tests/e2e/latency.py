"""When captions appeared on a page, against when the words were spoken."""

import json
import re
import statistics
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playwright.sync_api import Page

# Notes the text of each caption element whenever it changes: [ms since the epoch, participant, sequence, text].
OBSERVE = """
(() => {
  window.seen = [];
  const note = () => {
    const now = Date.now();
    for (const element of document.querySelectorAll('.captions .segment')) {
      const text = element.querySelector('[data-slot=text]').textContent;
      const key = element.dataset.sequence || '';
      if (element.noted === text + '|' + key) continue;
      element.noted = text + '|' + key;
      window.seen.push([now, element.dataset.participant, key, text]);
    }
  };
  document.addEventListener('DOMContentLoaded', () =>
    new MutationObserver(note).observe(
      document.body, { subtree: true, childList: true, characterData: true, attributes: true }));
})();
"""


@dataclass(slots=True)
class Latency:
    """Milliseconds, one entry per word, caption or utterance."""

    first_partial: list[float] = field(default_factory=list)  # from the start of the first word
    word_seen: list[float] = field(default_factory=list)  # from the end of the word
    final: list[float] = field(default_factory=list)  # from the end of the last word

    def summary(self) -> dict[str, dict[str, float]]:
        return {name: _quantiles(getattr(self, name)) for name in ("first_partial", "word_seen", "final")}


def _quantiles(values: list[float]) -> dict[str, float]:
    if len(values) < 2:
        return {"count": len(values)}
    cuts = statistics.quantiles(values, n=20)
    return {
        "count": len(values),
        "p50": round(statistics.median(values)),
        "p95": round(cuts[18]),
        "max": round(max(values)),
    }


def folded(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.casefold())


def measure(page: Page, welcome: dict[str, Any], finals: list[dict[str, Any]]) -> Latency:
    """Compare what a page showed with the finals' own word times."""
    started_ms = datetime.fromisoformat(welcome["meeting"]["started_at"]).timestamp() * 1_000
    seen: list[tuple[float, str, str, str]] = json.loads(page.evaluate("JSON.stringify(window.seen)"))
    latency = Latency()
    for speaker in {final["participant_id"] for final in finals}:
        before = 0.0
        observations = [note for note in seen if note[1] == speaker]
        for final in (final for final in finals if final["participant_id"] == speaker and final["words"]):
            shown_at = next((at for at, _, sequence, _ in observations if sequence == str(final["sequence"])), None)
            if shown_at is None:
                continue
            growing = [(at, folded(text)) for at, _, _, text in observations if before < at <= shown_at and text]
            _compare(latency, final, started_ms, growing, shown_at)
            before = shown_at
    return latency


def _compare(
    latency: Latency, final: dict[str, Any], started_ms: float, growing: list[tuple[float, list[str]]], shown_at: float
) -> None:
    words = final["words"]
    if growing:
        latency.first_partial.append(growing[0][0] - started_ms - words[0]["start_ms"])
    for place, word in enumerate(words):
        target = folded(word["text"])
        nearby = (at for at, texts in growing if target and target[0] in texts[max(0, place - 2) : place + 3])
        latency.word_seen.append(next(nearby, shown_at) - started_ms - word["end_ms"])
    latency.final.append(shown_at - started_ms - words[-1]["end_ms"])

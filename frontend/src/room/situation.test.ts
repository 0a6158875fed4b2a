import { expect, it } from "vitest";
import type { Status } from "../protocol";
import { noticeFor, type Situation } from "./situation";

const ready: Status = { type: "status", transcriber: "ready", lag_ms: 400, sequence: 1 };
const well: Situation = {
  link: "connected",
  code: 0,
  uplink: "streaming",
  keptSeconds: 0.2,
  status: ready,
  ended: "no",
};

const cases: Array<[string | null, string, Partial<Situation>]> = [
  [null, "all is well", {}],
  [null, "only listening", { uplink: null }],
  ["connecting", "at first", { link: "connecting" }],
  ["reconnecting", "the room is lost", { link: "lost" }],
  ["keeping", "the microphone is lost and audio is kept", { uplink: "lost", keptSeconds: 12 }],
  ["sending", "connected again, and kept audio is on its way", { keptSeconds: 130 }],
  [null, "only what was just said is on its way", { keptSeconds: 0.8 }],
  ["stale", "the server does not answer", { link: "stale" }],
  ["held", "the server cannot take audio", { uplink: "held" }],
  ["absent", "nobody transcribes", { status: { ...ready, transcriber: "absent" } }],
  ["loading", "the model loads", { status: { ...ready, transcriber: "loading" } }],
  ["away", "the server behind the engine is away", { status: { ...ready, transcriber: "away" } }],
  ["reduced", "memory ran out", { status: { ...ready, transcriber: "reduced" } }],
  ["late", "memory ran out and captions are late", { status: { ...ready, transcriber: "reduced", lag_ms: 5_000 } }],
  ["late", "captions are late", { status: { ...ready, lag_ms: 5_000 } }],
  ["finishing", "the end, with words missing", { ended: "finishing", link: "refused", code: 4410 }],
  ["ended", "the end", { ended: "complete", link: "lost" }],
  ["ended", "a meeting that was over", { link: "refused", code: 4410 }],
  ["superseded", "another tab", { link: "refused", code: 4409 }],
  ["signed-out", "no session", { link: "refused", code: 4401 }],
  ["not-found", "not a participant", { link: "refused", code: 4404 }],
  ["refused", "any other refusal", { link: "refused", code: 4429 }],
];

it.each(cases)("says %s: %s", (notice, _when, change) => {
  expect(noticeFor({ ...well, ...change })).toBe(notice);
});

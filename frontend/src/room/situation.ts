import type { UplinkState } from "../audio/uplink";
import { CLOSE, type Status } from "../protocol";

/** How this page stands with the server. */
export interface Situation {
  link: "connecting" | "connected" | "stale" | "lost" | "refused";
  /** The close code of a refusal. */
  code: number;
  /** Of the microphone's socket; null while there is none. */
  uplink: UplinkState | null;
  keptSeconds: number;
  status: Status | null;
  ended: "no" | "finishing" | "complete";
}

export type Notice =
  | "connecting"
  | "reconnecting"
  | "keeping"
  | "stale"
  | "held"
  | "sending"
  | "absent"
  | "loading"
  | "away"
  | "reduced"
  | "late"
  | "finishing"
  | "ended"
  | "superseded"
  | "signed-out"
  | "not-found"
  | "removed"
  | "refused";

const LATE_MS = 3_000;
const WORTH_TELLING_SECONDS = 1;
const BACKLOG_SECONDS = 3; // audio on its way is acknowledged well within a second

/** The one thing that the person should know now; null when all is well. */
export function noticeFor(situation: Situation): Notice | null {
  if (situation.ended !== "no") return situation.ended === "complete" ? "ended" : "finishing";
  if (situation.link === "refused") return refusal(situation.code);
  if (situation.link === "lost" || situation.uplink === "lost") return interruption(situation);
  if (situation.link === "connecting") return "connecting";
  if (situation.link === "stale") return "stale";
  if (situation.uplink === "held") return "held";
  if (situation.keptSeconds >= BACKLOG_SECONDS) return "sending";
  return transcription(situation.status);
}

function refusal(code: number): Notice {
  if (code === CLOSE.superseded) return "superseded";
  if (code === CLOSE.meetingEnded) return "ended";
  if (code === CLOSE.notSignedIn) return "signed-out";
  if (code === CLOSE.removed) return "removed";
  if (code === CLOSE.notFound) return "not-found";
  return "refused";
}

function interruption(situation: Situation): Notice {
  const keeps = situation.uplink === "lost" && situation.keptSeconds >= WORTH_TELLING_SECONDS;
  return keeps ? "keeping" : "reconnecting";
}

function transcription(status: Status | null): Notice | null {
  if (status === null) return null;
  const { transcriber } = status;
  if (transcriber !== "ready" && transcriber !== "reduced") return transcriber;
  if (status.lag_ms > LATE_MS) return "late";
  return transcriber === "reduced" ? "reduced" : null;
}

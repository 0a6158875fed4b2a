import type { ReviewLine } from "../review/line";

export const ADA = { id: "ada", name: "Ada", color: 1, sounds_like: "" };
export const BOB = { id: "bob", name: "Bob", color: 2, sounds_like: "Robert" };

export function line(sequence: number, more: Partial<ReviewLine> = {}): ReviewLine {
  return {
    sequence,
    revision: 0,
    kind: "speech",
    participant_id: "ada",
    start_ms: sequence * 1_000,
    end_ms: sequence * 1_000 + 900,
    text: `Line ${sequence}`,
    doubts: [],
    language: "en",
    direction: "ltr",
    confidence: 0.9,
    hidden: false,
    reviewed: false,
    ...more,
  };
}

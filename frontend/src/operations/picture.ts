// What /operations/figures answers: meetings/services/operations.py.
import type { Stage } from "../protocol";

export interface Summary {
  count: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  max_ms: number;
  /** Share of times beyond the limit, 0…1. */
  violation_rate: number;
}

export type Stages = Partial<Record<Stage, Summary>>;

export interface Moment {
  /** Seconds since the epoch. */
  at: number;
  p50_ms: Partial<Record<Stage, number>>;
  p95_ms: Partial<Record<Stage, number>>;
  late: number;
  lag_ms: number;
  streams: number;
  frames: number;
}

export interface Picture {
  limit_ms: number;
  stages: Stages;
  now: Moment;
  history: Moment[];
  streams: Array<{ speaker: string; meeting: string; stages: Stages }>;
  processes: Array<{ name: string; age_seconds: number }>;
  transcribers: Array<{ description: string; condition: string; lag_ms: number; streams: number }>;
  beat_is_silent: boolean;
}

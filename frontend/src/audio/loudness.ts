/** From here on a frame counts as speech, 0…1. */
export const SPEAKING_LEVEL = 0.015;
const QUIETEST_DB = -54;

/** A loudness of 0…1 as the part of the meter to light, on a decibel scale. */
export function meterLevel(level: number): number {
  const decibels = 20 * Math.log10(Math.max(level, 1e-6));
  return Math.min(1, Math.max(0, 1 - decibels / QUIETEST_DB));
}

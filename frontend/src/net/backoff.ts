const FIRST_MS = 500;
const LIMIT_MS = 4_000; // a network that heals is noticed within 5 s

/** How long to wait before the next attempt: full jitter, so that a room's browsers do not come back all at once. */
export function backoffMs(attempt: number, random: () => number): number {
  return random() * Math.min(LIMIT_MS, FIRST_MS * 2 ** attempt);
}

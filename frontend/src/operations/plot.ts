/** A measured value at a time in seconds; undefined where nothing was measured. */
export type Point = [at: number, value: number | undefined];

export interface Frame {
  width: number;
  height: number;
  from: number;
  to: number;
  /** The value at the upper edge. */
  top: number;
}

const LONGEST_PAUSE = 25; // seconds between two points that belong to one line

/** An SVG path through the points, broken where nothing was measured. */
export function linePath(points: readonly Point[], frame: Frame): string {
  let path = "";
  let last: number | null = null;
  for (const [at, value] of points) {
    if (value === undefined || at < frame.from) continue;
    const x = ((at - frame.from) / (frame.to - frame.from)) * frame.width;
    const y = frame.height - (Math.min(value, frame.top) / frame.top) * (frame.height - 1);
    path += `${last !== null && at - last <= LONGEST_PAUSE ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    last = at;
  }
  return path;
}

/** The next round number (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, …) that is not less than the value. */
export function roundUp(value: number): number {
  if (value <= 1) return 1;
  const decade = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * decade >= value) ?? 10) * decade;
}

/** "0.4 ms", "640 ms", "2.1 s" */
export function shortTime(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return ms > 0 && ms < 10 && ms % 1 !== 0 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** "97 %", and "99.5 %" near the whole, where a tenth matters. */
export function percent(share: number): string {
  const hundredths = share * 100;
  return `${hundredths > 95 && hundredths < 99.95 ? hundredths.toFixed(1) : Math.round(hundredths)} %`;
}

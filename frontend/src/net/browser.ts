import type { Surroundings, Wire } from "./lasting-socket";

/** The real network, clock and chance. */
export const browserSurroundings: Surroundings = {
  connect: (url) => new WebSocket(url) as unknown as Wire,
  now: () => Date.now(),
  random: () => Math.random(),
  later: (ms, run) => void setTimeout(run, ms),
};

/** The address of a socket on this page's server. */
export function socketUrl(path: string): string {
  const url = new URL(path, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

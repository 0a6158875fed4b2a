import { Controller } from "@hotwired/stimulus";

const EVERY_MS = 2_500;

/** The waiting room: looks whether the page has become another one (let in, sent away, over) and goes there. */
export class WaitingController extends Controller<HTMLElement> {
  /** Replaced in tests. */
  static leave: () => void = () => window.location.reload();
  private timer = 0;

  connect(): void {
    this.timer = window.setInterval(() => void this.look(), EVERY_MS);
  }

  disconnect(): void {
    window.clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    try {
      const answer = await fetch(window.location.href, { method: "HEAD", redirect: "manual" });
      if (answer.type === "opaqueredirect") WaitingController.leave();
    } catch {
      // The network is away: the next look may find it again.
    }
  }
}

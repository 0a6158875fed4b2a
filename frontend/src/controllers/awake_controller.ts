import { Controller } from "@hotwired/stimulus";

/** Keeps the screen on while a meeting runs: who reads captions touches nothing for long. */
export class AwakeController extends Controller<HTMLElement> {
  private lock: WakeLockSentinel | null = null;
  private over = false;

  connect(): void {
    void this.hold();
  }

  disconnect(): void {
    this.release();
  }

  /** Browsers let go of it when the page is hidden, and may refuse it, on a low battery for example. */
  async hold(): Promise<void> {
    if (this.over || document.hidden || this.lock?.released === false) return;
    this.lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    if (this.over) this.release();
  }

  release(): void {
    this.over = true;
    void this.lock?.release();
  }
}

import { Controller } from "@hotwired/stimulus";

const EVERY_MS = 3_000;

/** Loads the page again while it shows something unfinished. */
export class ReloadController extends Controller<HTMLElement> {
  /** Replaced in tests. */
  static reload: () => void = () => window.location.reload();
  private timer = 0;

  connect(): void {
    this.timer = window.setTimeout(() => ReloadController.reload(), EVERY_MS);
  }

  disconnect(): void {
    window.clearTimeout(this.timer);
  }
}

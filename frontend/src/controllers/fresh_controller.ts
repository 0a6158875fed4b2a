import { Controller } from "@hotwired/stimulus";

const EVERY_MS = 3_000;

/** Keeps its part of the page as the server has it now, unless somebody is at it with the keyboard. */
export class FreshController extends Controller<HTMLElement> {
  private timer = 0;

  connect(): void {
    this.timer = window.setInterval(() => void this.ask(), EVERY_MS);
  }

  disconnect(): void {
    window.clearInterval(this.timer);
  }

  async ask(): Promise<void> {
    const answer = await fetch(location.href).catch(() => undefined);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector(`[data-controller="${this.identifier}"]`);
    if (!fresh || this.element.contains(document.activeElement)) return;
    this.element.replaceChildren(...fresh.childNodes);
  }
}

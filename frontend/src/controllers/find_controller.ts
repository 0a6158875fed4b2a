import { FocusBefore } from "../room/focus";
import { slot } from "../room/segment-element";
import { FilterController } from "./filter_controller";

/** Finding within a running meeting: a field that narrows the captions, and leads from hit to hit among all of them. */
export class FindController extends FilterController {
  static targets = ["query", "count", "panel"];
  declare panelTarget: HTMLElement;
  private readonly focus = new FocusBefore();
  /** What is gone through; empty while the captions are narrowed to what was found. */
  private hits: HTMLElement[] = [];
  private hit: HTMLElement | null = null;

  open(): void {
    if (this.panelTarget.hidden) this.focus.keep();
    this.panelTarget.hidden = false;
    this.queryTarget.focus();
  }

  close(): void {
    this.panelTarget.hidden = true;
    this.queryTarget.value = "";
    this.apply();
    this.focus.restore();
  }

  override apply(): void {
    this.hits = [];
    this.show(null);
    super.apply();
  }

  /** Captions that come meanwhile are looked at too. */
  renew(): void {
    if (this.isNarrowed) this.apply();
  }

  /** Enter goes to the next hit, with Shift to the one before it. */
  step(event: KeyboardEvent): void {
    event.preventDefault();
    const hits = this.found();
    const by = event.shiftKey ? -1 : 1;
    const at = this.hit ? hits.indexOf(this.hit) + by : Math.min(0, by);
    this.goTo(hits.at(at % hits.length));
  }

  /** A found line that is clicked: shows it among the lines around it. */
  reveal(event: Event): void {
    const target = event.target as Element;
    if (this.isNarrowed && !target.closest("button, a, input"))
      this.goTo(this.found().find((line) => line.contains(target)));
  }

  private get isNarrowed(): boolean {
    return this.element.classList.contains("is-filtered");
  }

  private found(): HTMLElement[] {
    if (!this.isNarrowed) return this.hits;
    return Array.from(this.element.querySelectorAll<HTMLElement>(".captions-log .segment:not([hidden])"));
  }

  private goTo(line: HTMLElement | undefined): void {
    if (!line) return;
    this.hits = this.found();
    for (const other of this.element.querySelectorAll<HTMLElement>(".segment")) other.hidden = false;
    this.element.classList.remove("is-filtered");
    slot(this.countTarget, "shown").textContent = String(this.hits.indexOf(line) + 1);
    slot(this.countTarget, "all").textContent = String(this.hits.length);
    this.show(line);
    this.dispatch("found");
    line.scrollIntoView({ block: "center" });
  }

  private show(hit: HTMLElement | null): void {
    this.hit?.classList.remove("is-found");
    this.hit = hit;
    hit?.classList.add("is-found");
  }
}

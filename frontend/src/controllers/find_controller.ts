import { FilterController } from "./filter_controller";

/** Finding within a running meeting: a field that opens over the captions, and lines that lead back to their place. */
export class FindController extends FilterController {
  static targets = ["query", "count", "panel"];
  declare panelTarget: HTMLElement;

  open(): void {
    this.panelTarget.hidden = false;
    this.queryTarget.focus();
  }

  close(): void {
    this.panelTarget.hidden = true;
    this.queryTarget.value = "";
    this.apply();
  }

  /** Captions that come meanwhile are looked at too. */
  renew(): void {
    if (this.queryTarget.value !== "") this.apply();
  }

  /** A line that was found: shows it among the lines around it. */
  reveal(event: Event): void {
    const line = (event.target as Element).closest<HTMLElement>(".segment");
    if (line && this.queryTarget.value !== "" && !(event.target as Element).closest("button, a, input"))
      this.goTo(line);
  }

  revealFirst(): void {
    const line = this.element.querySelector<HTMLElement>(".segment:not([hidden])");
    if (line && this.queryTarget.value !== "") this.goTo(line);
  }

  private goTo(line: HTMLElement): void {
    this.close();
    this.dispatch("found");
    line.scrollIntoView({ block: "center" });
  }
}

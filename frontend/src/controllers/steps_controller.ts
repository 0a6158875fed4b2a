import { Controller } from "@hotwired/stimulus";

/** What happened to a transcript: as it was when the page came, and read again whenever one looks. */
export class StepsController extends Controller<HTMLDetailsElement> {
  static targets = ["list"];
  static values = { url: String };
  declare listTarget: HTMLElement;
  declare urlValue: string;

  async look(): Promise<void> {
    if (!this.element.open) return;
    const answer = await fetch(this.urlValue).catch(() => undefined);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    this.listTarget.replaceChildren(...page.body.children);
  }
}

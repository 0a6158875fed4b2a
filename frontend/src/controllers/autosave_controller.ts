import { Controller } from "@hotwired/stimulus";

const PAUSE_MS = 800;

/**
 * Saves a form while somebody works on it, one request at a time, and says whether all is saved. Where somebody else
 * changed the same, nothing is overwritten until the form is sent by its button.
 */
export class AutosaveController extends Controller<HTMLFormElement> {
  static targets = ["state", "conflict"];
  declare stateTarget: HTMLElement;
  declare conflictTarget: HTMLElement;
  private timer = 0;
  private pending = false;
  private again = false;
  private unsaved = false; // nothing is on its way, and the last save failed
  private saving: Promise<void> | null = null;

  connect(): void {
    window.addEventListener("beforeunload", this.ask);
    window.addEventListener("pagehide", this.leave);
  }

  disconnect(): void {
    window.removeEventListener("beforeunload", this.ask);
    window.removeEventListener("pagehide", this.leave);
    this.stop();
  }

  later(): void {
    if (this.inConflict) return;
    this.stop();
    this.pending = true;
    this.timer = window.setTimeout(() => void this.save(), PAUSE_MS);
  }

  /** The form goes by itself, after what is on its way: else it would carry a revision that is gone. */
  async submit(event: SubmitEvent): Promise<void> {
    this.stop();
    if (this.saving) {
      event.preventDefault();
      await this.saving;
      if (!this.inConflict) this.element.requestSubmit(event.submitter);
    } else this.unsaved = false;
  }

  private stop(): void {
    window.clearTimeout(this.timer);
    this.pending = false;
  }

  /** The page goes away with what could not be saved: the browser asks first. */
  private ask = (event: Event): void => {
    if (this.unsaved) event.preventDefault();
  };

  /** The page goes away while something is not yet sent. */
  private leave = (): void => {
    if (this.pending && !this.saving) navigator.sendBeacon(this.element.action, new FormData(this.element));
    this.stop();
  };

  private async save(): Promise<void> {
    this.again = this.saving !== null;
    if (this.saving) return;
    this.pending = false;
    this.say(this.stateTarget.dataset.saving);
    this.saving = this.send();
    await this.saving;
    this.saving = null;
    if (this.again && !this.inConflict) await this.save();
  }

  private async send(): Promise<void> {
    try {
      const body = new FormData(this.element);
      const headers = { Accept: "application/json" };
      const answer = await fetch(this.element.action, { method: "POST", body, headers });
      const said: { revision?: number; message?: string } = await answer.json();
      if (said.revision === undefined) return this.fail(said.message);
      this.element.querySelector<HTMLInputElement>("[name=revision]")?.setAttribute("value", String(said.revision));
      this.conflictTarget.hidden = answer.ok;
      if (!answer.ok) return this.fail(said.message);
      this.unsaved = false;
      this.say(this.stateTarget.dataset.saved);
    } catch {
      this.fail(this.stateTarget.dataset.failed);
    }
  }

  private get inConflict(): boolean {
    return !this.conflictTarget.hidden;
  }

  private fail(text: string | undefined): void {
    this.unsaved = true;
    this.say(text);
    this.stateTarget.classList.add("is-failed");
  }

  private say(text = ""): void {
    this.stateTarget.classList.remove("is-failed");
    this.stateTarget.textContent = text;
  }
}

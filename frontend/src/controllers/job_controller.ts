import { Controller } from "@hotwired/stimulus";

const EVERY_MS = 2_000;

interface State {
  stage: string;
  percent: number;
  over: boolean;
  readable?: boolean;
}

/** Follows a job's stage and share; loads the page again when it is over, or has something to read. */
export class JobController extends Controller<HTMLElement> {
  static targets = ["stage", "percent", "bar"];
  static values = { url: String, readable: Boolean };
  declare stageTarget: HTMLElement;
  declare percentTarget: HTMLElement;
  declare barTarget: HTMLProgressElement;
  declare urlValue: string;
  declare readableValue: boolean;
  private timer = 0;

  connect(): void {
    this.timer = window.setInterval(() => void this.ask(), EVERY_MS);
  }

  disconnect(): void {
    window.clearInterval(this.timer);
  }

  async ask(): Promise<void> {
    const answer = await fetch(this.urlValue).catch(() => undefined);
    if (!answer?.ok) return;
    const state = (await answer.json()) as State;
    if (state.over || (state.readable && !this.readableValue)) location.reload();
    if (this.stageTarget.textContent !== state.stage) this.stageTarget.textContent = state.stage;
    this.percentTarget.textContent = `${state.percent} %`;
    this.barTarget.value = state.percent;
  }
}

import { Controller } from "@hotwired/stimulus";

const RETRY_MS = 2_000;

interface State {
  url: string;
  chunks_url: string;
  received: number;
}

/** Sends a file in chunks, each where the server says the last one ended; goes on after a reload with the same file. */
export class UploadController extends Controller<HTMLFormElement> {
  static targets = ["file", "title", "progress", "bar", "percent", "error", "button"];
  static values = { chunk: Number };
  declare fileTarget: HTMLInputElement;
  declare titleTarget: HTMLInputElement;
  declare progressTarget: HTMLElement;
  declare barTarget: HTMLProgressElement;
  declare percentTarget: HTMLElement;
  declare errorTarget: HTMLElement;
  declare buttonTarget: HTMLButtonElement;
  declare chunkValue: number;
  private gone = false;

  disconnect(): void {
    this.gone = true;
  }

  choose(): void {
    const file = this.fileTarget.files?.[0];
    if (file && this.titleTarget.value === "") this.titleTarget.value = file.name.replace(/\.[^.]+$/, "").slice(0, 200);
  }

  async send(event: Event): Promise<void> {
    event.preventDefault();
    const file = this.fileTarget.files?.[0];
    if (!file) return;
    this.buttonTarget.disabled = true;
    this.say("");
    try {
      const state = (await this.earlier(file)) ?? (await this.begin(file));
      await this.sendChunks(file, state);
      localStorage.removeItem(key(file));
      location.assign(state.url);
    } catch (error) {
      this.say(error instanceof Refused ? error.message : String(error));
      this.buttonTarget.disabled = false;
    }
  }

  /** Where an earlier upload of the same file ended, if it still goes on. */
  private async earlier(file: File): Promise<State | undefined> {
    const url = localStorage.getItem(key(file));
    if (url === null) return undefined;
    const answer = await fetch(`${url}state/`);
    const state = answer.ok ? ((await answer.json()) as State & { over: boolean; size: number }) : undefined;
    if (state && !state.over && state.size === file.size) return state;
    localStorage.removeItem(key(file));
    return undefined;
  }

  private async begin(file: File): Promise<State> {
    const form = new FormData(this.element);
    form.set("size_bytes", String(file.size));
    const answer = await fetch(this.element.action, { method: "POST", body: form });
    const state = await accepted<State>(answer);
    localStorage.setItem(key(file), state.url);
    return state;
  }

  private async sendChunks(file: File, state: State): Promise<void> {
    let received = state.received;
    while (received < file.size && !this.gone) {
      this.show(received / file.size);
      received = await this.sendChunk(file, state, received);
    }
    this.show(1);
  }

  /** The position to go on from: the next one, the server's own, or the same after a pause. */
  private async sendChunk(file: File, state: State, offset: number): Promise<number> {
    const body = file.slice(offset, offset + this.chunkValue);
    try {
      const answer = await fetch(`${state.chunks_url}${offset}/`, { method: "POST", body, headers: this.headers() });
      if (answer.status === 409) return ((await answer.json()) as State).received;
      if (answer.status < 500 || answer.status === 507) {
        const { received } = await accepted<State>(answer);
        this.say("");
        return received;
      }
    } catch (error) {
      if (error instanceof Refused) throw error;
    }
    this.say(this.errorTarget.dataset.away ?? "");
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    return offset;
  }

  private headers(): Record<string, string> {
    const token = this.element.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
    return { "X-CSRFToken": token, "Content-Type": "application/octet-stream" };
  }

  private show(share: number): void {
    this.progressTarget.hidden = false;
    this.barTarget.value = share * 100;
    this.percentTarget.textContent = `${Math.floor(share * 100)} %`;
  }

  private say(message: string): void {
    this.errorTarget.textContent = message;
    this.errorTarget.hidden = message === "";
  }
}

class Refused extends Error {}

async function accepted<T>(answer: Response): Promise<T> {
  const body = (await answer.json().catch(() => ({ error: `${answer.status} ${answer.statusText}` }))) as T & {
    error?: string;
  };
  if (!answer.ok) throw new Refused(body.error ?? answer.statusText);
  return body;
}

function key(file: File): string {
  return `upload:${file.name}:${file.size}:${file.lastModified}`;
}

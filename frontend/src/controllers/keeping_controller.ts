import { Controller } from "@hotwired/stimulus";
import { announce, type RoomChanged } from "../room/events";

/** Says that the audio is kept, and asks those who have not answered whether theirs may be. */
export class KeepingController extends Controller<HTMLElement> {
  static targets = ["sign", "panel", "answer"];
  declare signTarget: HTMLButtonElement;
  declare panelTarget: HTMLElement;
  declare answerTargets: HTMLElement[];
  private asked = false;

  update(event: RoomChanged): void {
    const { store } = event.detail;
    const agreed = store.people.get(store.you)?.audio_agreed ?? null;
    const on = store.doors.keepAudio && store.ended === "no";
    this.signTarget.hidden = !on;
    const now = store.status?.keeping ?? String(agreed);
    this.element.dataset.agreed = String(agreed);
    for (const answer of this.answerTargets) answer.hidden = answer.dataset.answer !== now;
    if (!on) this.show(false);
    else if (agreed === null && !this.asked) this.show(true);
    this.asked = on;
  }

  toggle(): void {
    this.show(this.panelTarget.hidden !== false);
  }

  close(): void {
    this.show(false);
    this.signTarget.focus();
  }

  agree(): void {
    this.answer(true);
  }

  refuse(): void {
    this.answer(false);
  }

  private answer(agreed: boolean): void {
    announce("host:ask", { request: { type: "audio.agree", agreed } });
    this.close();
  }

  private show(shown: boolean): void {
    this.panelTarget.hidden = !shown;
    this.signTarget.ariaExpanded = String(shown);
  }
}

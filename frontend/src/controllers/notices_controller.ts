import { Controller } from "@hotwired/stimulus";
import { duration } from "../room/clock";
import type { LinkChanged, MicrophoneChanged, MicrophoneRefused, RoomChanged } from "../room/events";
import { noticeFor, type Situation } from "../room/situation";

/** Shows the one notice that matters now. The texts are in templates/meetings/_notices.html. */
export class NoticesController extends Controller<HTMLElement> {
  static targets = ["notice"];
  declare noticeTargets: HTMLElement[];
  private situation: Situation = {
    link: "connecting",
    code: 0,
    uplink: null,
    keptSeconds: 0,
    status: null,
    ended: "no",
  };

  room(event: RoomChanged): void {
    const { status, ended } = event.detail.store;
    this.show({ status, ended });
  }

  link(event: LinkChanged): void {
    this.show(event.detail);
  }

  microphone(event: MicrophoneChanged): void {
    this.show({ uplink: event.detail.uplink, keptSeconds: event.detail.keptSeconds });
  }

  refused(event: MicrophoneRefused): void {
    this.show({ link: "refused", code: event.detail.code });
  }

  private show(change: Partial<Situation>): void {
    this.situation = { ...this.situation, ...change };
    const current = noticeFor(this.situation);
    for (const notice of this.noticeTargets) notice.hidden = notice.dataset.notice !== current;
    this.fill("kept", duration(this.situation.keptSeconds));
    this.fill("late", duration((this.situation.status?.lag_ms ?? 0) / 1_000));
    this.fill("code", String(this.situation.code));
  }

  private fill(name: string, text: string): void {
    for (const slot of this.element.querySelectorAll(`[data-slot="${name}"]`)) {
      if (slot.textContent !== text) slot.textContent = text;
    }
  }
}

import { Controller } from "@hotwired/stimulus";
import type { CameraMedia, RoomChanged, RoomSeen } from "../room/events";
import { slot } from "../room/segment-element";
import type { RoomStore } from "../room/store";

/** The pictures of those who turned their camera on, beside what they say; one's own comes last, as in a mirror. */
export class FacesController extends Controller<HTMLElement> {
  static targets = ["template", "face"];
  declare templateTarget: HTMLTemplateElement;
  declare faceTargets: HTMLElement[];
  private store: RoomStore | null = null;

  update(event: RoomChanged): void {
    this.store = event.detail.store;
    for (const face of this.faceTargets) this.name(face);
  }

  seen(event: RoomSeen): void {
    this.show(event.detail.id, event.detail.media, false);
  }

  mine(event: CameraMedia): void {
    this.show("", event.detail.media, true);
  }

  private show(id: string, media: MediaStream | null, mine: boolean): void {
    const known = this.faceTargets.find((face) => face.dataset.participant === id);
    if (!media) known?.remove();
    else {
      const face = known ?? this.made(id, mine);
      const video = face.querySelector("video") as HTMLVideoElement;
      video.srcObject = media;
      void video.play().catch(() => undefined); // the browser plays it by itself once it may
    }
    this.element.hidden = this.faceTargets.length === 0;
  }

  private made(id: string, mine: boolean): HTMLElement {
    const copy = this.templateTarget.content.cloneNode(true) as DocumentFragment;
    const face = copy.firstElementChild as HTMLElement;
    face.dataset.participant = id;
    face.classList.toggle("face-mine", mine);
    this.name(face);
    const own = this.faceTargets.find((other) => other.dataset.participant === "");
    this.element.insertBefore(copy, own ?? null);
    return face;
  }

  private name(face: HTMLElement): void {
    const person = this.store?.people.get(face.dataset.participant || this.store.you);
    if (!person) return;
    face.dataset.color = String(person.color);
    face.classList.toggle("is-speaking", person.speakingUntil > Date.now());
    slot(face, "name").textContent = person.name;
  }
}

import { Controller } from "@hotwired/stimulus";
import { announce, type RoomChanged } from "../room/events";
import { slot } from "../room/segment-element";
import type { Person, RoomStore } from "../room/store";

/** Lists who is in the room, who speaks and whose microphone is off. */
export class PeopleController extends Controller<HTMLElement> {
  static targets = ["list", "template", "count"];
  declare listTarget: HTMLElement;
  declare templateTarget: HTMLTemplateElement;
  declare countTarget: HTMLElement;
  private store: RoomStore | null = null;

  update(event: RoomChanged): void {
    this.store = event.detail.store;
    this.show();
  }

  show(): void {
    if (!this.store) return;
    const present = Array.from(this.store.people.values()).filter((person) => person.present);
    this.countTarget.textContent = String(present.length);
    const items = new Map(Array.from(this.listTarget.children, (item) => [item.id, item as HTMLElement]));
    for (const [id, item] of items) if (!present.some((person) => itemId(person) === id)) item.remove();
    for (const person of present) this.fill(items.get(itemId(person)) ?? this.add(person), person);
    this.showHands(present);
  }

  /** Raised hands show who is next. */
  private showHands(present: Person[]): void {
    const raised = present.filter((person) => person.hand_ms !== null);
    const queue = raised.sort((a, b) => (a.hand_ms ?? 0) - (b.hand_ms ?? 0)).map((person) => itemId(person));
    for (const item of this.listTarget.children) {
      const place = queue.indexOf(item.id);
      slot(item, "hand").hidden = place < 0;
      slot(item, "place").textContent = queue.length > 1 ? String(place + 1) : "";
    }
  }

  open(event: Event): void {
    const item = (event.target as Element).closest(".person");
    announce("person:open", { id: item?.id.replace("person-", "") });
  }

  private add(person: Person): HTMLElement {
    const item = (this.templateTarget.content.cloneNode(true) as DocumentFragment).firstElementChild as HTMLElement;
    item.id = itemId(person);
    this.listTarget.append(item);
    return item;
  }

  private fill(item: HTMLElement, person: Person): void {
    const speaking = !person.muted && person.speakingUntil > Date.now();
    item.dataset.color = String(person.color);
    item.classList.toggle("is-speaking", speaking);
    slot(item, "initials").textContent = initials(person.name);
    slot(item, "name").textContent = person.name;
    slot(item, "you").hidden = person.id !== this.store?.you;
    slot(item, "host").hidden = person.role !== "host";
    slot(item, "speaking").hidden = !speaking;
    slot(item, "muted").hidden = !person.muted;
    slot(item, "open").hidden = person.id !== this.store?.you && !this.store?.isHost;
  }
}

function itemId(person: Person): string {
  return `person-${person.id}`;
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => Array.from(word ?? "")[0] ?? "").join("");
}

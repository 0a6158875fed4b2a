import { Controller } from "@hotwired/stimulus";
import type { RoomChanged } from "../room/events";

/** Somebody who is renamed has the new name beside everything they said. */
export class NamesController extends Controller<HTMLElement> {
  private readonly known = new Map<string, string>();

  update(event: RoomChanged): void {
    for (const { id, name } of event.detail.store.people.values()) {
      const former = this.known.get(id);
      this.known.set(id, name);
      if (former !== undefined && former !== name) this.show(id, name);
    }
  }

  private show(id: string, name: string): void {
    const slots = this.element.querySelectorAll(`[data-participant="${id}"] > [data-slot="name"]`);
    for (const slot of slots) slot.textContent = name;
  }
}

import { Controller } from "@hotwired/stimulus";
import type { RoomChanged } from "../room/events";

/** The names that are offered for an action item's owner: everybody who came, under the name they have now. */
export class OwnersController extends Controller<HTMLElement> {
  update(event: RoomChanged): void {
    const names = Array.from(event.detail.store.people.values(), (person) => person.name);
    const offered = Array.from(this.element.children, (option) => (option as HTMLOptionElement).value);
    if (names.join("\n") === offered.join("\n")) return;
    this.element.replaceChildren(...names.map(option));
  }
}

function option(name: string): HTMLOptionElement {
  const element = document.createElement("option");
  element.value = name;
  return element;
}

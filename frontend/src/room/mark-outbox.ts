import type { AddMark, EditMark, RoomEvent } from "../protocol";

const MAX_WAITING = 50;

/** Marks on their way: kept until the server shows them to everybody or refuses them, and sent again after a break. */
export class MarkOutbox {
  private readonly waiting = new Map<string, AddMark | EditMark>();

  constructor(private readonly send: (request: AddMark | EditMark) => void) {}

  get size(): number {
    return this.waiting.size;
  }

  /** False when too much waits already. */
  put(request: AddMark | EditMark): boolean {
    if (this.waiting.size >= MAX_WAITING) return false;
    this.waiting.set(request.id, request);
    this.send(request);
    return true;
  }

  sendAgain(): void {
    for (const request of this.waiting.values()) this.send(request);
  }

  heard(event: RoomEvent): void {
    if (event.type === "mark.changed") this.settle(event.id, event.revision);
    if (event.type === "error" && event.about) this.waiting.delete(event.about);
  }

  private settle(id: string, revision: number): void {
    const request = this.waiting.get(id);
    const wanted = request?.type === "mark.edit" ? request.revision + 1 : 0;
    if (revision >= wanted) this.waiting.delete(id);
  }
}

import { beforeEach, expect, it } from "vitest";
import type { AddMark, EditMark, Mark, RoomRequest } from "../protocol";
import { goldenMessage } from "../testing/golden";
import { MarkOutbox } from "./mark-outbox";

const add = goldenMessage<AddMark>("room_requests", "mark on a caption");
const edit = goldenMessage<EditMark>("room_requests", "changed mark");
const mark = goldenMessage<Mark>("room_events", "mark");

let sent: RoomRequest[];
let outbox: MarkOutbox;

beforeEach(() => {
  sent = [];
  outbox = new MarkOutbox((request) => sent.push(request));
});

it("sends a mark again until the server shows it", () => {
  outbox.put(add);
  outbox.sendAgain();
  outbox.heard(mark);
  outbox.sendAgain();
  expect(sent).toEqual([add, add]);
});

it("keeps a change until its revision is there", () => {
  outbox.put(edit);
  outbox.heard({ ...mark, revision: edit.revision });
  expect(outbox.size).toBe(1);
  outbox.heard({ ...mark, revision: edit.revision + 1 });
  expect(outbox.size).toBe(0);
});

it("does not send again what was refused", () => {
  outbox.put(add);
  outbox.heard({ type: "error", code: "mark_empty", message: "", about: add.id });
  expect(outbox.size).toBe(0);
});

it("takes no more than fifty at a time", () => {
  const taken = Array.from({ length: 51 }, (_, n) => outbox.put({ ...add, id: String(n) }));
  expect(taken.filter(Boolean)).toHaveLength(50);
});

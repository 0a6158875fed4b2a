// @vitest-environment happy-dom
import { beforeEach, expect, it, vi } from "vitest";
import { line } from "../testing/lines";
import { FakeReview } from "../testing/review";
import { ReviewServer } from "./server";
import { ReviewSession } from "./session";

const UNDO_1 = { type: "undo", operation: "operation 1" };
const told: string[] = [];
let server: FakeReview;
let session: ReviewSession;

beforeEach(async () => {
  server = new FakeReview();
  server.lines = [line(1), line(2)];
  vi.stubGlobal("fetch", (path: string, init?: RequestInit) => server.fetch(path, init));
  told.length = 0;
  session = new ReviewSession(new ReviewServer("", ""), { show: () => {}, tell: (problem) => told.push(problem) });
  await session.refresh();
});

function hide(sequence: number): Promise<boolean> {
  return session.change({ type: "hide", line: { sequence, revision: 0 }, hidden: true });
}

it("takes back the last change first, whatever it was", async () => {
  await hide(1);
  await session.change({ type: "rename", participant_id: "bob", was: "Bob", name: "Robert" });
  await session.change({ type: "status", was: "draft", status: "in_review", reason: "" });
  server.asked.length = 0;
  for (let turn = 0; turn < 3; turn += 1) expect(await session.undo()).toBe(true);
  expect(server.asked).toEqual([
    { type: "status", was: "in_review", status: "draft" },
    { type: "rename", participant_id: "bob", was: "Robert", name: "Bob" },
    UNDO_1,
  ]);
  expect(await session.undo()).toBe(false);
});

it("can be told again what the server did not hear", async () => {
  await hide(1);
  server.refuse = "unreachable";
  await session.undo();
  expect(told.at(-1)).toBe("The server cannot be reached. Nothing was changed.");
  server.refuse = null;
  await session.undo();
  expect(server.asked.slice(1)).toEqual([UNDO_1, UNDO_1]);
  expect(await session.undo()).toBe(false);
});

it("gives up what somebody changed since, and goes on with what was done before", async () => {
  await hide(1);
  await hide(2);
  server.refuse = { code: "line_changed_meanwhile", message: "changed again since" };
  await session.undo();
  expect(told.at(-1)).toBe("changed again since");
  server.refuse = null;
  await session.undo();
  expect(server.asked.at(-1)).toEqual(UNDO_1);
});

it("takes back one change for each time it is asked, also while the first is on its way", async () => {
  await hide(1);
  await hide(2);
  await Promise.all([session.undo(), session.undo()]);
  expect(server.asked.slice(2)).toEqual([{ type: "undo", operation: "operation 2" }, UNDO_1]);
});

it("does not take back twice what was taken back from the history", async () => {
  await hide(1);
  await hide(2);
  await session.undo("operation 2");
  await session.undo();
  expect(server.asked.slice(2)).toEqual([{ type: "undo", operation: "operation 2" }, UNDO_1]);
});

it("takes back first what the second pass did last", async () => {
  await hide(1);
  session.note("second pass");
  await session.undo();
  expect(server.asked.at(-1)).toEqual({ type: "undo", operation: "second pass" });
});

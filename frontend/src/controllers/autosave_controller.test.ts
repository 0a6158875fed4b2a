import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { find, show } from "../testing/page";
import { AutosaveController } from "./autosave_controller";

const page = `
  <form action="/m/abc/minutes/" data-controller="autosave" data-action="input->autosave#later submit->autosave#submit">
    <p hidden data-autosave-target="conflict"></p>
    <p data-autosave-target="state" data-saving="Saving" data-saved="Saved" data-failed="Not saved"></p>
    <input type="hidden" name="revision" value="3"><input name="place" value="">
  </form>`;

const sent: FormData[] = [];
let answer: () => Promise<Response>;

beforeEach(async () => {
  await show(page, { autosave: AutosaveController });
  vi.useFakeTimers();
  sent.length = 0;
  answer = async () => Response.json({ revision: 4 });
  vi.stubGlobal("fetch", (_url: string, init: RequestInit) => {
    sent.push(init.body as FormData);
    return answer();
  });
});
afterEach(() => {
  find("form").dispatchEvent(new Event("submit")); // the window still tells the controller of a page that is gone
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function type(text: string): void {
  const field = find<HTMLInputElement>("[name=place]");
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function leaving(): Event {
  const event = new Event("beforeunload", { cancelable: true });
  window.dispatchEvent(event);
  return event;
}

const state = (): string | null => find("[data-autosave-target=state]").textContent;

it("saves once after a pause, and goes on from the revision it got", async () => {
  type("Room");
  type("Room 4");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sent.map((form) => form.get("place"))).toEqual(["Room 4"]);
  expect(state()).toBe("Saved");
  type("Room 5");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sent[1]?.get("revision")).toBe("4");
});

it("keeps what is typed during a save, and sends it after", async () => {
  let release = (): void => {};
  answer = () => new Promise((resolve) => (release = () => resolve(Response.json({ revision: 4 }))));
  type("one");
  await vi.advanceTimersByTimeAsync(1_000);
  type("two");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sent).toHaveLength(1);
  release();
  await vi.advanceTimersByTimeAsync(0);
  expect(sent[1]?.get("place")).toBe("two");
});

it("says what the server refused, and that it does not answer", async () => {
  answer = async () => Response.json({ message: "Somebody else changed it" }, { status: 409 });
  type("one");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(state()).toBe("Somebody else changed it");
  answer = async () => Promise.reject(new TypeError("offline"));
  type("two");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(state()).toBe("Not saved");
});

it("overwrites what somebody else wrote only when the form is sent by its button", async () => {
  const said = { message: "Somebody else changed it", revision: 7 };
  answer = async () => Response.json(said, { status: 409 });
  type("mine");
  await vi.advanceTimersByTimeAsync(1_000);
  expect([state(), find("[data-autosave-target=conflict]").hidden]).toEqual(["Somebody else changed it", false]);
  expect(find("[name=revision]").getAttribute("value")).toBe("7");
  type("mine, too");
  await vi.advanceTimersByTimeAsync(2_000);
  expect([sent.length, state()]).toEqual([1, "Somebody else changed it"]);
  expect(leaving().defaultPrevented).toBe(true);
  const submitted = new Event("submit", { cancelable: true });
  find("form").dispatchEvent(submitted);
  expect([submitted.defaultPrevented, leaving().defaultPrevented]).toEqual([false, false]);
});

it("does not send a form on top of what somebody else saved meanwhile", async () => {
  let release = (): void => {};
  answer = () =>
    new Promise((resolve) => (release = () => resolve(Response.json({ message: "", revision: 7 }, { status: 409 }))));
  type("one");
  await vi.advanceTimersByTimeAsync(1_000);
  const again = vi.spyOn(find<HTMLFormElement>("form"), "requestSubmit").mockImplementation(() => {});
  find("form").dispatchEvent(new Event("submit", { cancelable: true }));
  release();
  await vi.advanceTimersByTimeAsync(0);
  expect(again).not.toHaveBeenCalled();
});

it("asks before the page goes away with what could not be saved", async () => {
  answer = async () => Promise.reject(new TypeError("offline"));
  type("one");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(leaving().defaultPrevented).toBe(true);
  answer = async () => Response.json({ revision: 4 });
  type("two");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(leaving().defaultPrevented).toBe(false);
});

it("saves nothing beside a form that is sent by itself", async () => {
  type("one");
  find("form").dispatchEvent(new Event("submit"));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(sent).toHaveLength(0);
});

it("sends a form only after the save that is on its way", async () => {
  let release = (): void => {};
  answer = () => new Promise((resolve) => (release = () => resolve(Response.json({ revision: 4 }))));
  type("one");
  await vi.advanceTimersByTimeAsync(1_000);
  const form = find<HTMLFormElement>("form");
  const again = vi.spyOn(form, "requestSubmit").mockImplementation(() => {});
  const event = new Event("submit", { cancelable: true });
  form.dispatchEvent(event);
  expect(event.defaultPrevented).toBe(true);
  expect(again).not.toHaveBeenCalled();
  release();
  await vi.advanceTimersByTimeAsync(0);
  expect(again).toHaveBeenCalledOnce();
});

it("sends what is not yet saved when the page goes away", async () => {
  const sendBeacon = vi.fn(() => true);
  vi.stubGlobal("navigator", { sendBeacon });
  window.dispatchEvent(new Event("pagehide"));
  expect(sendBeacon).not.toHaveBeenCalled();
  type("last words");
  window.dispatchEvent(new Event("pagehide"));
  expect(sendBeacon).toHaveBeenCalledOnce();
});

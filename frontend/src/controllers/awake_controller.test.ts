import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { settled, show } from "../testing/page";
import { AwakeController } from "./awake_controller";

const page =
  '<main data-controller="awake" data-action="visibilitychange@document->awake#hold room:closed@window->awake#release">';
const lock = { released: false, release: vi.fn() };
const request = vi.fn();
let hidden = false;

async function changeVisibility(now: boolean): Promise<void> {
  hidden = now;
  document.dispatchEvent(new Event("visibilitychange"));
  await settled();
}

beforeEach(() => {
  vi.clearAllMocks();
  hidden = lock.released = false;
  request.mockResolvedValue(lock);
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  Object.defineProperty(navigator, "wakeLock", { configurable: true, value: { request } });
});

afterEach(() => Reflect.deleteProperty(document, "hidden"));

it("asks for the screen to stay on, and again once the page is seen again", async () => {
  await show(page, { awake: AwakeController });
  await changeVisibility(false);
  expect(request).toHaveBeenCalledTimes(1);
  lock.released = true; // as browsers do with a hidden page
  await changeVisibility(true);
  expect(request).toHaveBeenCalledTimes(1);
  await changeVisibility(false);
  expect(request).toHaveBeenCalledTimes(2);
});

it("lets the screen go when the meeting is over for the page", async () => {
  await show(page, { awake: AwakeController });
  window.dispatchEvent(new CustomEvent("room:closed"));
  expect(lock.release).toHaveBeenCalledOnce();
  lock.released = true;
  await changeVisibility(false);
  expect(request).toHaveBeenCalledTimes(1);
});

it("goes without where the browser refuses or has none", async () => {
  request.mockRejectedValue(new DOMException("low battery", "NotAllowedError"));
  await show(page, { awake: AwakeController });
  Object.defineProperty(navigator, "wakeLock", { configurable: true, value: undefined });
  await changeVisibility(false);
  expect(lock.release).not.toHaveBeenCalled();
});

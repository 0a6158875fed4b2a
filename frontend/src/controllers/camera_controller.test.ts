import { beforeEach, expect, it } from "vitest";
import { CameraError } from "../call/camera";
import { find, settled, show, template, texts } from "../testing/page";
import { CameraController } from "./camera_controller";

const controls = template("meetings/_controls.html");
const page = controls.slice(
  controls.indexOf('<div class="camera"'),
  controls.indexOf('<button class="button button-quiet button-icon hand-button"'),
);
let stopped: string[];
let given: (MediaStream | null)[];

function camera(name: string): MediaStream {
  const track = { stop: () => stopped.push(name), onended: () => {} };
  return { getTracks: () => [track], getVideoTracks: () => [track] } as unknown as MediaStream;
}

async function hearing(on: boolean): Promise<void> {
  window.dispatchEvent(new CustomEvent("hearing:changed", { detail: { on } }));
  await settled();
}

/** What the button offers, in words: a state beside a changing name would say the opposite of it. */
function label(): string | undefined {
  expect(find(".camera-button").hasAttribute("aria-pressed")).toBe(false);
  return find(".camera-button [data-state]:not([hidden])").dataset.state;
}

async function press(): Promise<void> {
  find<HTMLButtonElement>(".camera-button").click();
  await settled();
}

beforeEach(async () => {
  stopped = [];
  given = [];
  localStorage.clear();
  CameraController.open = async () => camera("first");
  window.addEventListener("camera:media", (event) => given.push((event as CustomEvent).detail.media));
  await show(page, { camera: CameraController });
});

it("is there only while people hear each other, and off until it is pressed", async () => {
  expect(texts(".camera-button")).toEqual([]);
  await hearing(true);
  expect(given).toEqual([]);
  await press();
  expect(label()).toBe("on");
  expect(given.length).toBe(1);
  await hearing(false);
  expect(given.at(-1)).toBeNull();
  expect(stopped).toEqual(["first"]);
  expect(texts(".camera-button")).toEqual([]);
});

it("comes back with the call, and is remembered for the next meeting", async () => {
  await hearing(true);
  await press();
  await hearing(false);
  await hearing(true);
  expect(given.at(-1)).not.toBeNull();
  await show(page, { camera: CameraController });
  await hearing(true);
  expect(label()).toBe("on");
});

it("does not stay on when it was turned off while the browser asked", async () => {
  let allow = () => {};
  CameraController.open = () => new Promise((resolve) => (allow = () => resolve(camera("late"))));
  await hearing(true);
  await press();
  await hearing(false);
  allow();
  await settled();
  expect(stopped).toEqual(["late"]);
  expect(given).toEqual([]);
});

it.each(["denied", "missing", "busy", "unavailable"] as const)("says why there is no picture: %s", async (problem) => {
  CameraController.open = async () => {
    throw new CameraError(problem);
  };
  await hearing(true);
  await press();
  const shown = document.querySelectorAll<HTMLElement>("[data-problem]:not([hidden])");
  expect(Array.from(shown, (text) => text.dataset.problem)).toEqual([problem]);
  expect(label()).toBe("off");
});

import { beforeEach, expect, it } from "vitest";
import { CameraError, remembersCamera } from "../call/camera";
import { find, settled, show, template } from "../testing/page";
import { MirrorController } from "./mirror_controller";

const lobby = template("meetings/_lobby.html");
const start = lobby.indexOf('<div data-controller="mirror"');
const page = `<form>${lobby.slice(start, lobby.indexOf("</fieldset>", start))}</form>`;
let stopped: number;

async function check(): Promise<void> {
  find<HTMLInputElement>("[data-mirror-target=wanted]").click();
  await settled();
}

beforeEach(async () => {
  stopped = 0;
  localStorage.clear();
  HTMLVideoElement.prototype.play = async () => {};
  MirrorController.open = async () =>
    Object.assign(new MediaStream(), { getTracks: () => [{ stop: () => stopped++ }] });
  await show(page, { mirror: MirrorController });
});

it("shows what the others would see, remembers it, and leaves the camera to the room", async () => {
  expect(find("video").hidden).toBe(true);
  await check();
  expect([find("video").hidden, remembersCamera(localStorage)]).toEqual([false, true]);
  find("form").dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  expect(stopped).toBe(1);
  await show(page, { mirror: MirrorController });
  expect(find<HTMLInputElement>("[data-mirror-target=wanted]").checked).toBe(true);
  await check();
  expect(remembersCamera(localStorage)).toBe(false);
});

it("says why there is no picture, and wants none then", async () => {
  MirrorController.open = async () => {
    throw new CameraError("missing");
  };
  await check();
  expect(find("[data-problem=missing]").hidden).toBe(false);
  expect([find<HTMLInputElement>("[data-mirror-target=wanted]").checked, remembersCamera(localStorage)]).toEqual([
    false,
    false,
  ]);
});

import { beforeEach, expect, it } from "vitest";
import { announce } from "../room/events";
import { rememberedSound, rememberSound } from "../room/sound-choice";
import { find, settled, show, template, texts } from "../testing/page";
import { DevicesController } from "./devices_controller";

const dialogs = template("meetings/_room_dialogs.html");
const page = dialogs.slice(dialogs.indexOf('<dialog class="dialog" id="devices-dialog"'));
const named = (kind: string, deviceId: string, label: string) => ({ kind, deviceId, label });
const DEVICES = [
  named("audioinput", "desk", "Desk microphone"),
  named("audioinput", "headset", "Headset"),
  named("audiooutput", "headset", "Headset"),
  named("videoinput", "camera", "Camera"),
];
let devices: object[];
let told: string[];

for (const name of ["devices:microphone", "devices:speaker"]) window.addEventListener(name, () => told.push(name));

beforeEach(async () => {
  localStorage.clear();
  told = [];
  devices = DEVICES.map((device) => ({ ...device, label: "" }));
  const mediaDevices = Object.assign(new EventTarget(), { enumerateDevices: async () => devices });
  Object.defineProperty(navigator, "mediaDevices", { value: mediaDevices, configurable: true });
  Object.assign(HTMLMediaElement.prototype, { setSinkId: async () => {} });
  await show(page, { devices: DevicesController });
});

async function allowed(): Promise<void> {
  devices = DEVICES;
  announce("microphone:media", { media: null });
  await settled();
}

function choose(select: string, value: string): void {
  find<HTMLSelectElement>(select).value = value;
  find(select).dispatchEvent(new Event("change", { bubbles: true }));
}

it("offers the devices when the browser names them, with the one chosen before", async () => {
  expect(find("[data-devices-target=unknown]").hidden).toBe(false);
  expect(texts("select")).toEqual([]);
  rememberSound(localStorage, { ...rememberedSound(localStorage), microphone: "headset" });
  await allowed();
  expect(find("[data-devices-target=unknown]").hidden).toBe(true);
  expect(texts("option")).toEqual(["Desk microphone", "Headset", "Headset"]);
  expect(find<HTMLSelectElement>("#devices-microphone").value).toBe("headset");
});

it("remembers what is chosen, and tells those who use it", async () => {
  await allowed();
  choose("#devices-microphone", "headset");
  choose("#devices-speaker", "headset");
  expect(rememberedSound(localStorage)).toMatchObject({ microphone: "headset", speaker: "headset" });
  expect(told).toEqual(["devices:microphone", "devices:speaker"]);
});

it("offers no loudspeaker where the browser cannot choose one", async () => {
  Reflect.deleteProperty(HTMLMediaElement.prototype, "setSinkId");
  await allowed();
  expect(texts("option")).toEqual(["Desk microphone", "Headset"]);
});

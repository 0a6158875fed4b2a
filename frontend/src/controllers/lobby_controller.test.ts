import { beforeEach, expect, it, vi } from "vitest";
import { MicrophoneError, type MicrophoneOptions } from "../audio/microphone";
import { rememberedLanguage, rememberedSound, rememberSound, usualLanguage } from "../room/sound-choice";
import { find, settled, show, template, texts } from "../testing/page";
import { LobbyController } from "./lobby_controller";

const page = template("meetings/_lobby.html")
  .replace('data-lobby-code-value=""', 'data-lobby-code-value="abc"')
  .replace('data-lobby-back-value=""', 'data-lobby-back-value="false"')
  .replace("</option>", '</option><option value="de">Deutsch</option>');
let microphone: MicrophoneOptions;
const close = vi.fn();

beforeEach(async () => {
  localStorage.clear();
  LobbyController.open = async (options) => {
    microphone = options;
    return { close } as unknown as Awaited<ReturnType<typeof LobbyController.open>>;
  };
  await show(page, { lobby: LobbyController });
});

async function check(): Promise<void> {
  find("[data-lobby-target=check]").click();
  await settled();
}

function hear(level: number): void {
  microphone.onFrame({ firstSample: 0, pcm: new Int16Array(1_600), level, capturedAt: 0 });
}

it("hears a voice, and not a knock", async () => {
  await check();
  expect(find("[data-state=silent]").hidden).toBe(false);
  hear(0.3);
  expect(find("[data-state=heard]").hidden).toBe(true);
  hear(0.3);
  hear(0.3);
  expect(find("[data-state=heard]").hidden).toBe(false);
  expect(Number(find("[data-lobby-target=meter]").ariaValueNow)).toBeGreaterThan(50);
});

it.each(["denied", "missing", "busy", "insecure"] as const)("explains a microphone that is %s", async (problem) => {
  LobbyController.open = async () => {
    throw new MicrophoneError(problem);
  };
  await check();
  const state = problem === "insecure" ? "unavailable" : problem;
  expect(texts(`[data-lobby-target=said][data-state=${state}]`)).toHaveLength(1);
});

it("keeps one microphone of two that were asked for in one breath", async () => {
  const opened: string[] = [];
  LobbyController.open = async () => {
    const name = `microphone ${opened.push("open")}`;
    await settled();
    return { close: () => close(name) } as unknown as Awaited<ReturnType<typeof LobbyController.open>>;
  };
  find("[data-lobby-target=check]").click();
  find("[data-lobby-target=check]").click();
  await settled();
  await settled();
  expect(close.mock.lastCall).toEqual(["microphone 1"]);
  find("form").dispatchEvent(new Event("submit"));
  expect(close.mock.lastCall).toEqual(["microphone 2"]);
});

it("remembers for the next time what was chosen, and lets the microphone go", async () => {
  await check();
  find<HTMLInputElement>("[data-lobby-target=shared]").checked = true;
  find<HTMLInputElement>("[data-lobby-target=captionsOnly]").checked = true;
  find<HTMLSelectElement>("[data-lobby-target=language]").value = "de";
  find("form").dispatchEvent(new Event("submit"));
  expect(close).toHaveBeenCalled();
  expect(rememberedSound(localStorage)).toMatchObject({ shared: true, captionsOnly: true });
  expect(rememberedLanguage(localStorage, "abc")).toBe("de");
  await show(page, { lobby: LobbyController });
  expect(find<HTMLInputElement>("[data-lobby-target=shared]").checked).toBe(true);
});

it("knows the language of the last meeting in the next one, unless that has one of its own", async () => {
  const language = () => find<HTMLSelectElement>("[data-lobby-target=language]");
  language().value = "de";
  find("form").dispatchEvent(new Event("submit"));
  const next = page.replace('code-value="abc"', 'code-value="next"');
  await show(next, { lobby: LobbyController });
  expect(language().value).toBe("de");
  const english = next.replace("</option>", '</option><option value="en">English</option>');
  await show(english.replace('language-value=""', 'language-value="en"'), { lobby: LobbyController });
  expect(language().value).toBe("en");
  find("form").dispatchEvent(new Event("submit"));
  expect(usualLanguage(localStorage)).toBe("de");
});

it("lists what is plugged in meanwhile, and keeps the last choice where the browser names nothing", async () => {
  let devices: object[] = [{ kind: "audioinput", deviceId: "headset", label: "" }];
  const mediaDevices = Object.assign(new EventTarget(), { enumerateDevices: async () => devices });
  Object.defineProperty(navigator, "mediaDevices", { value: mediaDevices, configurable: true });
  rememberSound(localStorage, { ...rememberedSound(localStorage), microphone: "headset", speaker: "desk" });
  await show(page, { lobby: LobbyController });
  find("form").dispatchEvent(new Event("submit"));
  expect(rememberedSound(localStorage)).toMatchObject({ microphone: "headset", speaker: "desk" });
  devices = [{ kind: "audioinput", deviceId: "headset", label: "Headset" }];
  mediaDevices.dispatchEvent(new Event("devicechange"));
  await settled();
  expect(texts("#lobby-microphone option")).toEqual(["Headset"]);
});

it("treats what somebody else put into the browser's store as nothing", () => {
  localStorage.setItem("sound", "{");
  expect(rememberedSound(localStorage)).toMatchObject({ microphone: "", captionsOnly: false });
});

it("lets who answered everything before enter with one press of a key", async () => {
  const boxes = '<input type="checkbox" name="consent" required data-lobby-target="agreement">';
  const asking = page.replace(
    "<fieldset",
    `${boxes}<input type="checkbox" name="audio" data-lobby-target="agreement"><fieldset`,
  );
  await show(asking, { lobby: LobbyController });
  expect(document.activeElement).toBe(find("[name=consent]"));
  find<HTMLInputElement>("[name=consent]").checked = true;
  find("form").dispatchEvent(new Event("submit"));
  await show(asking, { lobby: LobbyController });
  expect(find<HTMLInputElement>("[name=consent]").checked).toBe(true);
  expect(find<HTMLInputElement>("[name=audio]").checked).toBe(false);
  expect(document.activeElement).toBe(find("[data-lobby-target=enter]"));
});

it("asks who comes back again what they took back in this meeting", async () => {
  localStorage.setItem("agreed:audio", "yes");
  const box = '<input type="checkbox" name="audio" data-lobby-target="agreement">';
  const back = page
    .replace('data-lobby-back-value="false"', 'data-lobby-back-value="true"')
    .replace("<fieldset", `${box}<fieldset`);
  await show(back, { lobby: LobbyController });
  expect(find<HTMLInputElement>("[name=audio]").checked).toBe(false);
});

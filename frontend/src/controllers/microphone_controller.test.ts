import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MicrophoneError, type MicrophoneOptions, type MicrophoneProblem } from "../audio/microphone";
import type { CaptionFinal } from "../protocol";
import { announce } from "../room/events";
import { goldenMessage } from "../testing/golden";
import { find, settled, show, template, texts } from "../testing/page";
import { FakeSpool } from "../testing/spool";
import { FakeSurroundings } from "../testing/surroundings";
import { MicrophoneController } from "./microphone_controller";
import { ShortcutsController } from "./shortcuts_controller";

let around: FakeSurroundings;
let spool: FakeSpool;
let microphone: MicrophoneOptions;
const device = {
  sampleRate: 16_000,
  label: "Built-in microphone",
  setMuted: vi.fn(),
  overheardLevel: vi.fn(() => 0),
  media: new MediaStream(),
  isSuspended: vi.fn(() => false),
  wake: vi.fn(),
  close: vi.fn(),
};

beforeEach(async () => {
  vi.clearAllMocks();
  sessionStorage.clear();
  device.isSuspended.mockReturnValue(false);
  device.overheardLevel.mockReturnValue(0);
  around = new FakeSurroundings();
  spool = new FakeSpool();
  MicrophoneController.openSpool = async () => spool;
  MicrophoneController.around = around;
  MicrophoneController.open = async (options) => {
    microphone = options;
    return device;
  };
  await showRoom();
});

function showRoom(): Promise<void> {
  const page = template("meetings/_controls.html");
  return show(page, { microphone: MicrophoneController, shortcuts: ShortcutsController });
}

async function press(): Promise<void> {
  find(".mic-button").click();
  await settled();
}

function hear(level: number, firstSample = 0): void {
  microphone.onFrame({ firstSample, pcm: new Int16Array(1_600), level, capturedAt: around.now() });
}

function connect(): void {
  around.wire.accept();
  around.wire.say({ type: "audio.ready", stream_id: "s", next_sample: 0 });
}

function events(name: string): Array<Record<string, unknown>> {
  const heard: Array<Record<string, unknown>> = [];
  window.addEventListener(name, (event) => heard.push((event as CustomEvent).detail));
  return heard;
}

function state(): string | undefined {
  return find(".controls").dataset.microphoneStateValue;
}

it("joins, mutes and unmutes with one button", async () => {
  await press();
  connect();
  hear(0.1);
  expect(state()).toBe("on");
  expect(around.wire.frames).toHaveLength(1);
  await press();
  expect(state()).toBe("muted");
  expect(device.setMuted).toHaveBeenLastCalledWith(true);
  expect(around.wire.said.at(-1)).toBe("audio.stop");
  await press();
  expect(state()).toBe("on");
  expect(device.setMuted).toHaveBeenLastCalledWith(false);
});

it("says by its name alone what a press does", async () => {
  await press();
  expect(find(".mic-button [data-state]:not([hidden])").dataset.state).toBe("on");
  expect(find(".mic-button").hasAttribute("aria-pressed")).toBe(false);
});

it("mutes with the key m, and not while somebody types", async () => {
  await press();
  window.dispatchEvent(new KeyboardEvent("keydown", { key: "m" }));
  expect(state()).toBe("muted");
  document.body.insertAdjacentHTML("beforeend", "<input id='field'>");
  find("#field").dispatchEvent(new KeyboardEvent("keydown", { key: "m", bubbles: true }));
  expect(state()).toBe("muted");
});

it("goes on with another microphone that was chosen, and stays muted if it was", async () => {
  announce("devices:microphone");
  await settled();
  expect(state()).toBe("off");
  await press();
  connect();
  await press();
  localStorage.setItem("sound", JSON.stringify({ microphone: "headset" }));
  announce("devices:microphone");
  await settled();
  expect(device.close).toHaveBeenCalledTimes(1);
  expect(microphone.deviceId).toBe("headset");
  expect([state(), device.setMuted.mock.lastCall]).toEqual(["muted", [true]]);
  await press();
  expect(state()).toBe("on");
  localStorage.removeItem("sound");
});

it("tells the room how it stands", async () => {
  const told = events("microphone:changed");
  await press();
  connect();
  around.wire.end(1006);
  expect(told.map((detail) => detail.state)).toContain("on");
  expect(told.at(-1)).toMatchObject({ state: "on", uplink: "lost" });
});

it("shows the level, and says when the person speaks", async () => {
  const heard = events("microphone:heard");
  await press();
  hear(0.2);
  hear(0.001);
  expect(Number(find(".meter-level").style.getPropertyValue("--level"))).toBe(0);
  expect(heard.map((detail) => detail.speaking)).toEqual([true, false]);
});

describe("without a microphone", () => {
  const problems: MicrophoneProblem[] = ["denied", "missing", "busy", "insecure", "unsupported"];

  it.each(problems)("explains what to do, and lets the person try again: %s", async (problem) => {
    MicrophoneController.open = async () => {
      throw new MicrophoneError(problem);
    };
    await press();
    expect(texts(".mic-problem p")).toHaveLength(1);
    expect(find(`[data-problem="${problem}"]`).hidden).toBe(false);
    expect(state()).toBe("off");
    MicrophoneController.open = async () => device;
    await press();
    expect(texts(".mic-problem p")).toEqual([]);
    expect(state()).toBe("on");
  });

  it("says so when it is unplugged, and lets the server finish the sentence", async () => {
    await press();
    connect();
    hear(0.1);
    microphone.onLost();
    expect(around.wire.said.at(-1)).toBe("audio.stop");
    expect(find('[data-problem="lost"]').hidden).toBe(false);
    expect(state()).toBe("off");
  });
});

describe("trouble with the device", () => {
  function granted(): EventTarget {
    const mediaDevices = new EventTarget();
    vi.stubGlobal("navigator", { permissions: { query: async () => ({ state: "granted" }) }, mediaDevices });
    return mediaDevices;
  }

  function problem(): string | undefined {
    return document.querySelector<HTMLElement>(".mic-problem p:not([hidden])")?.dataset.problem;
  }

  afterEach(() => vi.unstubAllGlobals());

  it("goes on with another microphone in the same stream, and says with which", async () => {
    granted();
    await press();
    connect();
    hear(0.1);
    microphone.onLost();
    await settled();
    expect(state()).toBe("on");
    expect(problem()).toBe("switched");
    expect(texts("[data-microphone-target=device]")).toEqual(["Built-in microphone"]);
    around.wire.say({ type: "audio.summary", stream_id: "s", next_sample: 1_600 });
    hear(0.1);
    expect(around.wire.said).toEqual(["audio.start", "audio.stop", "audio.start"]);
    expect(around.wires).toHaveLength(1);
  });

  it("goes on when a microphone is plugged in", async () => {
    const devices = granted();
    await showRoom();
    await press();
    const open = MicrophoneController.open;
    MicrophoneController.open = async () => {
      throw new MicrophoneError("missing");
    };
    microphone.onLost();
    await settled();
    expect([state(), problem()]).toEqual(["off", "missing"]);
    MicrophoneController.open = open;
    devices.dispatchEvent(new Event("devicechange"));
    await settled();
    expect([state(), problem()]).toEqual(["on", "switched"]);
  });

  it("does not open a microphone by itself for somebody who was muted", async () => {
    granted();
    await press();
    await press();
    microphone.onLost();
    await settled();
    expect([state(), problem()]).toEqual(["off", "lost"]);
  });

  it("says that no words are found, until one is or the person mutes", async () => {
    find(".controls").dataset.microphoneYouValue = "me";
    const final = goldenMessage<CaptionFinal>("room_events", "final");
    await press();
    announce("room:words-missed");
    expect(problem()).toBe("wordless");
    announce("room:changed", { final: { ...final, participant_id: "another" } });
    announce("room:changed", { final: null });
    expect(problem()).toBe("wordless");
    announce("room:changed", { final: { ...final, participant_id: "me" } });
    expect(problem()).toBeUndefined();
    announce("room:words-missed");
    await press();
    expect(problem()).toBeUndefined();
    announce("room:words-missed");
    expect(problem()).toBeUndefined();
  });

  it("says when nothing comes out of the microphone, and when it does again", async () => {
    await press();
    for (let frame = 0; frame < 80; frame++) hear(0);
    expect(problem()).toBe("silent");
    hear(0.1);
    expect(problem()).toBeUndefined();
  });

  it("says when somebody talks while muted, and not any more when unmuted", async () => {
    await press();
    await press();
    device.overheardLevel.mockReturnValue(0.2);
    for (let frame = 0; frame < 10; frame++) hear(0);
    expect(problem()).toBe("talking");
    await press();
    hear(0.1);
    expect(problem()).toBeUndefined();
  });

  it("wakes an audio graph that stands still after a sleep, and then opens the microphone anew", async () => {
    granted();
    await press();
    for (let second = 0; second < 3; second++) announce("room:tick");
    expect(device.wake).toHaveBeenCalledTimes(1);
    expect(device.close).not.toHaveBeenCalled();
    for (let second = 0; second < 5; second++) announce("room:tick");
    await settled();
    expect(device.close).toHaveBeenCalledTimes(1);
    expect(state()).toBe("on");
  });
});

describe("the end", () => {
  it("closes the microphone when the meeting is over", async () => {
    await press();
    window.dispatchEvent(new CustomEvent("room:closed"));
    expect(device.close).toHaveBeenCalled();
    expect(find(".controls").hidden).toBe(true);
  });

  it("tells why the server refused, and does not come back", async () => {
    const refused = events("microphone:refused");
    await press();
    connect();
    hear(0.1);
    around.wire.end(4409);
    around.pass(60_000);
    expect(refused).toEqual([{ code: 4409 }]);
    expect(around.wires).toHaveLength(1);
    expect(sessionStorage).toHaveLength(1); // to go on here instead
  });

  it("keeps nothing of a meeting that is over", async () => {
    await press();
    connect();
    hear(0.1);
    window.dispatchEvent(new Event("pagehide"));
    around.wire.end(4410);
    expect(spool.framesOf("s")).toEqual([]);
    expect(sessionStorage).toHaveLength(0);
  });
});

describe("a reload", () => {
  async function reload(permission: string): Promise<void> {
    await press();
    connect();
    hear(0.1);
    vi.stubGlobal("navigator", { permissions: { query: async () => ({ state: permission }) } });
    await showRoom();
    await settled();
    vi.unstubAllGlobals();
  }

  it("goes on with the same stream when the browser need not ask", async () => {
    await reload("granted");
    expect(state()).toBe("on");
    around.wire.accept();
    expect(around.wire.texts[0]?.stream_id).toBe("s");
  });

  it("sends what the page before it kept, also when the browser would ask for the microphone", async () => {
    await press();
    connect();
    around.wire.end(1006);
    around.pass(5_000);
    for (let n = 0; n < 30; n++) hear(0.1, n * 1_600);
    const told = events("microphone:changed");
    window.dispatchEvent(new Event("pagehide"));
    vi.stubGlobal("navigator", { permissions: { query: async () => ({ state: "prompt" }) } });
    await showRoom();
    await settled();
    vi.unstubAllGlobals();
    expect(state()).toBe("off");
    expect(told.at(-1)).toMatchObject({ keptSeconds: 3 });
    connect();
    expect(around.wire.texts[0]?.stream_id).toBe("s");
    expect(around.wire.frames).toHaveLength(30);
  });

  it("waits for the button when the browser would ask", async () => {
    await reload("prompt");
    expect(state()).toBe("off");
  });

  it("asks for a click when the browser records only after one", async () => {
    device.isSuspended.mockReturnValue(true);
    await reload("granted");
    expect(find('[data-problem="suspended"]').hidden).toBe(false);
    await press();
    expect(device.wake).toHaveBeenCalled();
    expect(texts(".mic-problem p")).toEqual([]);
  });
});

it("off the record sends nothing and goes on afterwards, while the microphone stays on", async () => {
  await press();
  connect();
  announce("room:record", { off: true });
  hear(0.1);
  expect(around.wire.frames).toEqual([]);
  expect(around.wire.said.at(-1)).toBe("audio.stop");
  expect(state()).toBe("on");
  around.wire.say({ type: "audio.summary", stream_id: "s", next_sample: 0, frames: 0 });
  announce("room:record", { off: false });
  hear(0.1, 1_600);
  expect(around.wire.said.at(-1)).toBe("audio.start");
});

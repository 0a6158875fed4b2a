import { beforeEach, describe, expect, it } from "vitest";
import type { CaptionFinal, CaptionPartial, RoomEvent, SegmentUpdated, Welcome } from "../protocol";
import { golden, goldenMessage } from "../testing/golden";
import { RoomStore } from "./store";

const NOW = 1_000_000;
const welcome = goldenMessage<Welcome>("room_events", "welcome");
const final = goldenMessage<CaptionFinal>("room_events", "final");
const partial = goldenMessage<CaptionPartial>("room_events", "partial with an unsettled end");

let store: RoomStore;

beforeEach(() => {
  store = new RoomStore(417);
});

it.each(golden<{ name: string; message: RoomEvent }>("room_events"))("takes in every event: $name", ({ message }) => {
  expect(() => store.apply(message, NOW)).not.toThrow();
});

describe("finals", () => {
  it("are shown once", () => {
    expect(store.apply(final, NOW)).toBe(final);
    expect(store.apply(final, NOW)).toBeNull();
    expect(store.lastSequence).toBe(418);
  });

  it("that the page was rendered with are not shown again", () => {
    expect(store.apply({ ...final, sequence: 417 }, NOW)).toBeNull();
  });

  it("are shown again when they were corrected", () => {
    store.apply(final, NOW);
    expect(store.apply({ ...final, text: "Good evening.", revision: 1 }, NOW)?.text).toBe("Good evening.");
    expect(store.apply({ ...final, sequence: 400, revision: 1 }, NOW)).not.toBeNull();
  });

  it("after a hole are shown at once, and the hole stays known until it is filled", () => {
    expect(store.apply({ ...final, sequence: 420 }, NOW)).not.toBeNull();
    expect([store.lastSequence, store.isBehind]).toEqual([417, true]);
    store.apply({ ...final, sequence: 418 }, NOW);
    store.apply({ ...final, sequence: 419 }, NOW);
    expect([store.lastSequence, store.isBehind]).toEqual([420, false]);
  });

  it("that are missing are noticed from the status", () => {
    store.apply({ type: "status", transcriber: "ready", lag_ms: 0, sequence: 419 }, NOW);
    expect(store.isBehind).toBe(true);
  });
});

describe("corrections", () => {
  const corrected = goldenMessage<SegmentUpdated>("room_events", "corrected caption");

  it("are shown as the line they change, once", () => {
    store.apply(final, NOW);
    expect(store.apply(corrected, NOW)).toMatchObject({ type: "caption.final", sequence: 418, text: corrected.text });
    expect(store.apply(corrected, NOW)).toBeNull();
    expect(store.lastEdit).toBe(corrected.edit);
  });

  it("of lines that the page was rendered with are shown", () => {
    expect(store.apply({ ...corrected, sequence: 3 }, NOW)).toMatchObject({ sequence: 3 });
  });

  it("are not undone by the line as it was said, when that comes late", () => {
    store.apply(corrected, NOW);
    expect(store.apply(final, NOW)).toBeNull();
    expect(store.lastSequence).toBe(418);
  });
});

describe("partials", () => {
  it("replace each other per stream, and end with their final", () => {
    store.apply({ ...partial, text: "Good" }, NOW);
    store.apply(partial, NOW);
    expect(Array.from(store.partials.values(), (caption) => caption.text)).toEqual([partial.text]);
    store.apply(final, NOW);
    expect(store.partials.size).toBe(0);
  });

  it("of different streams stand beside each other", () => {
    store.apply(partial, NOW);
    store.apply(goldenMessage("room_events", "partial from right to left"), NOW);
    store.apply(final, NOW);
    expect(Array.from(store.partials.values(), (caption) => caption.direction)).toEqual(["rtl"]);
  });

  it("that come after their final are not shown", () => {
    store.apply(final, NOW);
    store.apply(partial, NOW);
    expect(store.partials.size).toBe(0);
  });

  it("of the next utterance are shown, also when the final before it comes late", () => {
    const next = { ...partial, start_ms: final.end_ms + 40, end_ms: final.end_ms + 900 };
    store.apply(next, NOW);
    store.apply(final, NOW);
    expect(store.partials.size).toBe(1);
  });

  it("without text take the caption back", () => {
    store.apply(partial, NOW);
    store.apply({ ...partial, text: "" }, NOW);
    expect(store.partials.size).toBe(0);
  });

  it("that nobody continues are forgotten after half a minute", () => {
    store.apply(partial, NOW);
    store.apply(goldenMessage("room_events", "status"), NOW + 31_000);
    expect(store.partials.size).toBe(0);
  });
});

describe("people", () => {
  it("speak while partials come", () => {
    store.apply(welcome, NOW);
    store.apply(partial, NOW);
    expect(store.people.get(partial.participant_id)?.speakingUntil).toBeGreaterThan(NOW);
  });

  it("come, mute and go", () => {
    const joined = goldenMessage<{ type: "participant.joined"; participant: { id: string } }>(
      "room_events",
      "participant joined",
    );
    const id = joined.participant.id;
    store.apply(welcome, NOW);
    store.apply({ ...joined, participant: { ...store.people.get(id), present: true } } as RoomEvent, NOW);
    store.apply({ type: "participant.state", participant_id: id, muted: false, hearing: true }, NOW);
    expect(store.people.get(id)).toMatchObject({ present: true, muted: false, hearing: true });
    store.apply({ type: "participant.left", participant_id: id }, NOW);
    expect(store.people.get(id)).toMatchObject({ present: false, muted: true, hearing: false });
  });

  it("that a new welcome does not list are gone", () => {
    store.apply(welcome, NOW);
    store.apply({ ...welcome, participants: welcome.participants.slice(0, 1) }, NOW);
    expect(store.people.size).toBe(1);
  });
});

it("tells a meeting that is finishing from one that is complete", () => {
  store.apply(goldenMessage("room_events", "meeting ended, last words missing"), NOW);
  expect(store.ended).toBe("finishing");
  store.apply(goldenMessage("room_events", "meeting ended"), NOW);
  expect(store.ended).toBe("complete");
});

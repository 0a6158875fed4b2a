import { describe, expect, it } from "vitest";
import { encodeFrame, isFinalClose } from "./protocol";
import { golden } from "./testing/golden";

interface GoldenFrame {
  name: string;
  first_sample: number;
  age_ms: number;
  samples: number[];
  hex: string;
}

describe("audio frames", () => {
  it.each(golden<GoldenFrame>("frames"))("has the bytes the server expects: $name", (frame) => {
    const encoded = encodeFrame(frame.first_sample, frame.age_ms, Int16Array.from(frame.samples));
    expect(Buffer.from(encoded).toString("hex")).toBe(frame.hex);
  });

  it("keeps the age within its field", () => {
    const ageOf = (age: number) => new DataView(encodeFrame(0, age, new Int16Array(1))).getUint32(4, true);
    expect(ageOf(-5)).toBe(0);
    expect(ageOf(2 ** 40)).toBe(2 ** 32 - 1);
  });
});

describe("close codes", () => {
  it("retries restarts and absent stores, and nothing that would be refused again", () => {
    expect([1006, 1012, 4503, 4508].map(isFinalClose)).toEqual([false, false, false, false]);
    expect([4400, 4401, 4404, 4409, 4410, 4413, 4429].every(isFinalClose)).toBe(true);
  });
});

// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import { applyReading, savedReading, saveReading } from "./reading";

beforeEach(() => localStorage.clear());

it("remembers what was chosen", () => {
  saveReading(localStorage, { size: "5", font: "serif", contrast: "high", position: "top", copies: "show" });
  expect(savedReading(localStorage)).toEqual({
    size: "5",
    font: "serif",
    contrast: "high",
    position: "top",
    copies: "show",
  });
});

it("takes the address before what was chosen, and neither when it makes no sense", () => {
  saveReading(localStorage, { size: "999", font: "serif", contrast: "high", position: "top", copies: "show" });
  const reading = savedReading(localStorage, "?position=middle&contrast=<script>");
  expect(reading).toEqual({ size: "2", font: "serif", contrast: "high", position: "middle", copies: "show" });
});

it.each(["{", "null", '"large"'])(
  "treats what somebody else put into the browser's store as nothing: %s",
  (foreign) => {
    localStorage.setItem("reading", foreign);
    expect(savedReading(localStorage).size).toBe("2");
  },
);

it("tells the style sheet", () => {
  applyReading(document.documentElement, savedReading(localStorage, "?size=4"));
  expect(document.documentElement.getAttribute("data-reading-size")).toBe("4");
});

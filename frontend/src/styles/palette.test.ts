import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const AA = 4.5;
const [light, dark] = readFileSync("src/styles/tokens.css", "utf8").split("@media") as [string, string];

function colour(theme: string, name: string): number[] {
  const hex = theme.match(new RegExp(`--${name}: #([0-9a-f]{6})`))?.[1];
  if (!hex) throw new Error(`no colour ${name}`);
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
}

/** Relative luminance as WCAG 2.2 defines it. */
function luminance(rgb: number[]): number {
  const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [
    number,
    number,
    number,
  ];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(theme: string, ink: string, ground: string): number {
  const [low, high] = [luminance(colour(theme, ink)), luminance(colour(theme, ground))].sort((a, b) => a - b) as [
    number,
    number,
  ];
  return (high + 0.05) / (low + 0.05);
}

describe.each([
  ["light", light],
  ["dark", dark],
])("the %s palette", (_name, theme) => {
  const speakers = Array.from({ length: 10 }, (_, index) => `speaker-${index}`);

  it.each([...speakers, "ink", "ink-soft", "accent", "danger", "warning"])("is readable: %s", (ink) => {
    expect(contrast(theme, ink, "ground")).toBeGreaterThanOrEqual(AA);
    expect(contrast(theme, ink, "surface")).toBeGreaterThanOrEqual(AA);
  });

  it.each([
    ["on-accent", "accent"],
    ["accent", "accent-soft"],
    ["danger", "danger-soft"],
    ["warning", "warning-soft"],
    ["ink-soft", "sunken"],
  ])("is readable: %s on %s", (ink, ground) => {
    expect(contrast(theme, ink, ground)).toBeGreaterThanOrEqual(AA);
  });
});

/** How a person likes to read captions. Kept by the browser for all meetings. */
export interface Reading {
  size: string;
  font: string;
  contrast: string;
  /** Where captions stand when they fill the screen. */
  position: string;
  /** Whether lines are shown that another microphone heard better. */
  copies: string;
}

export type ReadingChoice = keyof Reading;

/** What may be chosen, the default first. styles/reading.css says what it looks like. */
export const CHOICES: Record<ReadingChoice, readonly string[]> = {
  size: ["2", "1", "3", "4", "5"],
  font: ["inter", "system", "serif", "spaced"],
  contrast: ["normal", "high"],
  position: ["bottom", "middle", "top"],
  copies: ["hide", "show"],
};

const KEY = "reading";

/** Set on the document while captions fill the window. */
export const LARGE_TYPE = "data-large-type";

/** What was chosen last; an address may choose too, which streaming software cannot by hand. */
export function savedReading(storage: Storage, search = ""): Reading {
  const saved = remembered(storage);
  const address = new URLSearchParams(search);
  const chosen = (name: ReadingChoice) => allowed(name, address.get(name)) ?? allowed(name, saved[name]);
  const reading = {} as Reading;
  for (const name of choiceNames) reading[name] = chosen(name) ?? (CHOICES[name][0] as string);
  return reading;
}

function remembered(storage: Storage): Partial<Reading> {
  try {
    return { ...JSON.parse(storage.getItem(KEY) ?? "{}") };
  } catch {
    return {}; // not ours, or of another version: as in a new browser
  }
}

export function saveReading(storage: Storage, reading: Reading): void {
  storage.setItem(KEY, JSON.stringify(reading));
}

/** Lets the style sheet know: `data-reading-size` and so on. */
export function applyReading(root: HTMLElement, reading: Reading): void {
  for (const name of choiceNames) root.setAttribute(`data-reading-${name}`, reading[name]);
}

export const choiceNames = Object.keys(CHOICES) as ReadingChoice[];

function allowed(name: ReadingChoice, value: unknown): string | undefined {
  return CHOICES[name].find((choice) => choice === value);
}

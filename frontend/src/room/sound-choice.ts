/** What somebody chose in the lobby; kept in the browser for the next meeting. */
export interface SoundChoice {
  /** Device ids of the browser, "" for its default. */
  microphone: string;
  speaker: string;
  /** Several people speak into this microphone. */
  shared: boolean;
  /** Hears the others already: neither sends nor plays their audio, only reads. */
  captionsOnly: boolean;
}

export const NO_CHOICE: SoundChoice = { microphone: "", speaker: "", shared: false, captionsOnly: false };
const KEY = "sound";

export function rememberedSound(storage: Storage): SoundChoice {
  try {
    return { ...NO_CHOICE, ...JSON.parse(storage.getItem(KEY) ?? "{}") };
  } catch {
    return NO_CHOICE; // not ours, or of another version: as in a new browser
  }
}

export function rememberSound(storage: Storage, choice: SoundChoice): void {
  storage.setItem(KEY, JSON.stringify(choice));
}

/** The language somebody speaks, per meeting: "" finds it automatically; null where nothing was chosen. */
export function rememberedLanguage(storage: Storage, code: string): string | null {
  return storage.getItem(`language:${code}`);
}

/** What they chose last, for a meeting that has no language of its own. */
export function usualLanguage(storage: Storage): string {
  return storage.getItem("language") ?? "";
}

/** A meeting's own language that somebody only left as it was says nothing about other meetings. */
export function rememberLanguage(storage: Storage, code: string, language: string, ofMeeting: string): void {
  storage.setItem(`language:${code}`, language);
  if (ofMeeting === "" || language !== ofMeeting) storage.setItem("language", language);
}

const KEY = "letter-keys";

/** Whether keys of one character act as shortcuts. Who dictates, or hits keys by accident, turns them off. */
export function lettersAct(): boolean {
  return localStorage.getItem(KEY) !== "off";
}

export function letLettersAct(act: boolean): void {
  localStorage.setItem(KEY, act ? "on" : "off");
}

/** A key press that is no shortcut, because those of one character are turned off. */
export function isTurnedOff(event: KeyboardEvent): boolean {
  return event.key.length === 1 && event.key !== " " && !event.ctrlKey && !lettersAct();
}

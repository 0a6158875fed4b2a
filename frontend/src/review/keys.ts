import { isTurnedOff } from "../room/letter-keys";

/** Does what a key stands for, unless it is meant for a field or a button, is a shortcut of the browser, or turned off. */
export function act(event: KeyboardEvent, actions: Record<string, () => unknown>): void {
  const busy = event.target instanceof Element && event.target.closest("input, select, textarea, dialog, button, a");
  const action = actions[event.key];
  if (!action || busy || event.ctrlKey || event.metaKey || event.altKey || isTurnedOff(event)) return;
  event.preventDefault();
  action();
}

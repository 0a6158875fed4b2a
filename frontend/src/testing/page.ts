import { readFileSync } from "node:fs";
import { Application, type ControllerConstructor } from "@hotwired/stimulus";
import { afterEach } from "vitest";

let application: Application | null = null;

afterEach(() => {
  application?.stop();
  application = null;
  document.body.replaceChildren();
});

/** A page's real template, with Django's tags and variables left empty. */
export function template(path: string): string {
  const source = readFileSync(`${process.cwd()}/../templates/${path}`, "utf8");
  return source.replace(/{%.*?%}|{{.*?}}|{#.*?#}/gs, "");
}

/** Shows a page and starts its controllers, as main.ts does. */
export async function show(html: string, controllers: Record<string, ControllerConstructor>): Promise<void> {
  application?.stop(); // the page before this one is gone
  document.body.innerHTML = html;
  application = Application.start();
  application.handleError = (error) => {
    throw error;
  };
  for (const [name, controller] of Object.entries(controllers)) application.register(name, controller);
  await settled();
}

/** What waits for a promise has run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

export function find<Found extends Element = HTMLElement>(selector: string): Found {
  const found = document.querySelector<Found>(selector);
  if (!found) throw new Error(`nothing on the page matches ${selector}`);
  return found;
}

/** The visible texts of the elements that match. */
export function texts(selector: string): string[] {
  return Array.from(document.querySelectorAll<HTMLElement>(selector))
    .filter((element) => element.closest("[hidden]") === null)
    .map((element) => (element.textContent ?? "").replace(/\s+/g, " ").trim());
}

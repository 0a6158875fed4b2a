/** Says why the server did not take something, in the page's own words for the code of its refusal. */
export function sayDenied(texts: HTMLElement, code: string): void {
  const all = Array.from(texts.children) as HTMLElement[];
  const known = all.some((text) => text.dataset.code === code);
  for (const text of all) text.hidden = text.dataset.code !== (known ? code : "");
  texts.hidden = false;
}

export function option(value: string, text: string, selected: boolean): HTMLOptionElement {
  const made = document.createElement("option");
  Object.assign(made, { value, selected });
  made.textContent = text;
  return made;
}

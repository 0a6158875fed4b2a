/** Where the focus was before something took it. */
export class FocusBefore {
  private element: HTMLElement | null = null;

  keep(): void {
    const { activeElement, body } = document;
    this.element = activeElement === body ? null : (activeElement as HTMLElement | null);
  }

  /** Puts it back; into the captions where it was nowhere or cannot go back. */
  restore(): void {
    this.element?.focus();
    if (!this.element || document.activeElement !== this.element)
      document.querySelector<HTMLElement>(".captions-scroll")?.focus();
    this.element = null;
  }
}

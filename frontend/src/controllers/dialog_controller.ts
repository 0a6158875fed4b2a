import { Controller } from "@hotwired/stimulus";

/** A button that opens the dialog with the id `name`. */
export class DialogController extends Controller<HTMLElement> {
  static values = { name: String };
  declare nameValue: string;

  open(): void {
    const dialog = document.getElementById(this.nameValue);
    if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
  }
}

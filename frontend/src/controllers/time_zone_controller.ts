import { Controller } from "@hotwired/stimulus";

/** A hidden field that takes the browser's time zone, so that minutes show the host's own times. */
export class TimeZoneController extends Controller<HTMLInputElement> {
  connect(): void {
    this.element.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  }
}

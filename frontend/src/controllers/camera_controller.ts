import { Controller } from "@hotwired/stimulus";
import { CameraError, closeCamera, openCamera, rememberCamera, remembersCamera } from "../call/camera";
import { announce, type HearingChanged } from "../room/events";

/** The camera button: there while people hear each other, off until somebody wants to be seen. */
export class CameraController extends Controller<HTMLElement> {
  static targets = ["label", "problem"];
  /** Replaced in tests. */
  static open: typeof openCamera = openCamera;
  declare labelTargets: HTMLElement[];
  declare problemTargets: HTMLElement[];
  private media: MediaStream | null = null;
  private opening = false;
  private mayOpen = false;
  private wanted = remembersCamera(localStorage);

  disconnect(): void {
    this.take(null);
  }

  /** Nobody can be seen who neither hears nor is heard. */
  async hearing(event: HearingChanged): Promise<void> {
    this.mayOpen = event.detail.on;
    this.element.hidden = !this.mayOpen;
    if (!this.mayOpen) this.take(null);
    else if (this.wanted) await this.start();
  }

  async toggle(): Promise<void> {
    this.wanted = this.media === null;
    rememberCamera(localStorage, this.wanted);
    if (this.wanted) await this.start();
    else this.take(null);
  }

  /** The meeting is over for this page. */
  close(): void {
    this.wanted = false;
    this.take(null);
    this.element.hidden = true;
  }

  private async start(): Promise<void> {
    if (this.media || this.opening || !this.mayOpen) return;
    this.opening = true;
    try {
      const media = await CameraController.open();
      if (this.mayOpen && this.wanted) this.take(media);
      else closeCamera(media);
    } catch (error) {
      if (!(error instanceof CameraError)) throw error;
      this.fail(error.problem);
    } finally {
      this.opening = false;
    }
  }

  private take(media: MediaStream | null): void {
    if (media === this.media) return;
    closeCamera(this.media);
    this.media = media;
    for (const track of media?.getVideoTracks() ?? []) track.onended = () => this.fail("missing");
    announce("camera:media", { media });
    this.show("");
  }

  private fail(problem: string): void {
    this.wanted = false;
    this.take(null);
    this.show(problem);
  }

  private show(problem: string): void {
    this.element.classList.toggle("is-on", this.media !== null);
    for (const label of this.labelTargets) label.hidden = (label.dataset.state === "on") !== (this.media !== null);
    for (const text of this.problemTargets) text.hidden = text.dataset.problem !== problem;
  }
}

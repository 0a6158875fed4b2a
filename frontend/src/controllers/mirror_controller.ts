import { Controller } from "@hotwired/stimulus";
import { CameraError, closeCamera, openCamera, rememberCamera, remembersCamera } from "../call/camera";

/** The lobby's camera: whether to enter with it, and what the others would see. */
export class MirrorController extends Controller<HTMLElement> {
  static targets = ["wanted", "video", "problem"];
  /** Replaced in tests. */
  static open: typeof openCamera = openCamera;
  declare wantedTarget: HTMLInputElement;
  declare videoTarget: HTMLVideoElement;
  declare problemTargets: HTMLElement[];
  private media: MediaStream | null = null;

  connect(): void {
    this.wantedTarget.checked = remembersCamera(localStorage);
  }

  disconnect(): void {
    this.show(null);
  }

  async choose(): Promise<void> {
    rememberCamera(localStorage, this.wantedTarget.checked);
    this.explain("");
    this.show(null);
    if (!this.wantedTarget.checked) return;
    try {
      this.show(await MirrorController.open());
    } catch (error) {
      if (!(error instanceof CameraError)) throw error;
      this.wantedTarget.checked = false;
      rememberCamera(localStorage, false);
      this.explain(error.problem);
    }
  }

  /** The camera is free for the room. */
  stop(): void {
    this.show(null);
  }

  private show(media: MediaStream | null): void {
    closeCamera(this.media);
    this.media = media;
    this.videoTarget.hidden = media === null;
    this.videoTarget.srcObject = media;
    if (media) void this.videoTarget.play().catch(() => undefined);
  }

  private explain(problem: string): void {
    for (const text of this.problemTargets) text.hidden = text.dataset.problem !== problem;
  }
}

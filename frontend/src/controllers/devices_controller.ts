import { Controller } from "@hotwired/stimulus";
import { offerDevices } from "../room/devices";
import { announce } from "../room/events";
import { rememberedSound, rememberSound } from "../room/sound-choice";

/** Another microphone or loudspeaker, while the meeting goes on; remembered as the lobby's choice is. */
export class DevicesController extends Controller<HTMLElement> {
  static targets = ["microphones", "microphone", "speakers", "speaker", "unknown"];
  declare microphonesTarget: HTMLElement;
  declare microphoneTarget: HTMLSelectElement;
  declare speakersTarget: HTMLElement;
  declare speakerTarget: HTMLSelectElement;
  declare unknownTarget: HTMLElement;
  private readonly plugged = () => void this.list();

  connect(): void {
    navigator.mediaDevices?.addEventListener("devicechange", this.plugged);
    void this.list();
  }

  disconnect(): void {
    navigator.mediaDevices?.removeEventListener("devicechange", this.plugged);
  }

  /** Their names are known once the microphone was allowed. */
  async list(): Promise<void> {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const { microphone, speaker } = rememberedSound(localStorage);
    offerDevices(this.microphonesTarget, this.microphoneTarget, devices, "audioinput", microphone);
    offerDevices(this.speakersTarget, this.speakerTarget, devices, "audiooutput", speaker);
    if (!("setSinkId" in HTMLMediaElement.prototype)) this.speakersTarget.hidden = true;
    this.unknownTarget.hidden = !(this.microphonesTarget.hidden && this.speakersTarget.hidden);
  }

  chooseMicrophone(): void {
    rememberSound(localStorage, { ...rememberedSound(localStorage), microphone: this.microphoneTarget.value });
    announce("devices:microphone");
  }

  chooseSpeaker(): void {
    rememberSound(localStorage, { ...rememberedSound(localStorage), speaker: this.speakerTarget.value });
    announce("devices:speaker");
  }
}

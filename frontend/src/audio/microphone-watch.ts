/** What the person should know about the microphone: nothing comes out of it, or it is muted and they talk. */
export type MicrophoneHint = "silent" | "talking";
/** What to do about an audio graph that stands still. */
export type Rescue = "wake" | "reopen";

// In frames of 100 ms and loudness 0…1.
const ZEROS = 80; // a microphone that works is never digitally silent for so long
const NEVER_HEARD = 300;
const AUDIBLE = 0.002;
const TALKING_LEVEL = 0.03;
const TALKING = 8;
const FORGIVEN = 20;
// In ticks of a second, of which none comes while the computer sleeps.
const WAKE_AFTER = 3;
const REOPEN_AFTER = 8;

/** Judges a microphone by what it gives, frame by frame. */
export class MicrophoneWatch {
  private zeros = 0;
  private unheard = 0;
  private talking = 0;
  private talks = false;
  private ticks = 0;

  /** A frame of a microphone that is on. */
  heard(level: number): MicrophoneHint | null {
    this.ticks = 0;
    this.talking = 0;
    this.talks = false;
    this.zeros = level === 0 ? this.zeros + 1 : 0;
    this.unheard = level > AUDIBLE ? Number.NEGATIVE_INFINITY : this.unheard + 1;
    return this.zeros >= ZEROS || this.unheard >= NEVER_HEARD ? "silent" : null;
  }

  /** The loudness beside a muted microphone; a cough is no talk, and a breath between words does not end it. */
  overheard(level: number): MicrophoneHint | null {
    this.ticks = 0;
    this.zeros = 0;
    this.talking = level > TALKING_LEVEL ? Math.min(FORGIVEN, this.talking + 1) : Math.max(0, this.talking - 1);
    if (this.talking >= TALKING) this.talks = true;
    if (this.talking === 0) this.talks = false;
    return this.talks ? "talking" : null;
  }

  /** A second went by: with no frame for some of them, as after a sleep, something must be done. */
  tick(): Rescue | null {
    this.ticks++;
    if (this.ticks === WAKE_AFTER) return "wake";
    return this.ticks === REOPEN_AFTER ? "reopen" : null;
  }
}

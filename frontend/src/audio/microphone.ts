import { SAMPLE_RATES } from "../protocol";
import type { CapturedFrame } from "./framer";

export type MicrophoneProblem = "denied" | "missing" | "busy" | "insecure" | "unsupported";

/** Why there is no microphone, in a form that a page can explain. */
export class MicrophoneError extends Error {
  constructor(readonly problem: MicrophoneProblem) {
    super(problem);
  }
}

export interface OpenMicrophone {
  readonly sampleRate: number;
  /** The device's name, as the browser shows it. */
  readonly label: string;
  /** What the other participants may hear: muting the microphone mutes it too. */
  readonly media: MediaStream;
  setMuted(muted: boolean): void;
  /** How loud it is beside a muted microphone, 0…1; what is said there goes nowhere. */
  overheardLevel(): number;
  /** True while the browser waits for a click before it records (after a reload). */
  isSuspended(): boolean;
  wake(): void;
  close(): void;
}

/** What the browser must give; tests give another. */
export interface MicrophoneOptions {
  workletUrl: string;
  /** Of the browser's list of devices; "" for its default. One that is gone is replaced by the default. */
  deviceId: string;
  onFrame(frame: CapturedFrame): void;
  /** The device was unplugged or taken away. */
  onLost(): void;
}

const WANTED_RATES = [16_000, undefined, 48_000, 44_100] as const; // undefined: the browser's own

/** Opens the microphone. Call it inside a click, or the audio graph stays suspended. Throws MicrophoneError. */
export async function openMicrophone(options: MicrophoneOptions): Promise<OpenMicrophone> {
  const media = await askForMedia(options.deviceId);
  try {
    const { context, source } = contextFor(media);
    await context.audioWorklet.addModule(options.workletUrl);
    connect(context, source, options);
    void context.resume(); // settles only after a click where the browser wants one
    return opened(media, context, options);
  } catch (error) {
    for (const track of media.getTracks()) track.stop();
    throw error instanceof MicrophoneError ? error : new MicrophoneError("unsupported");
  }
}

/** Calls `denied` when the person takes the permission back; some browsers say nothing on the track itself. */
export async function whenDenied(denied: () => void): Promise<void> {
  try {
    const permission = await navigator.permissions.query({ name: "microphone" });
    permission.addEventListener("change", () => permission.state === "denied" && denied());
  } catch {
    // A browser that cannot say ends the track.
  }
}

/** Whether the browser would open the microphone without asking. */
export async function mayRecord(): Promise<boolean> {
  try {
    const permission = await navigator.permissions.query({ name: "microphone" });
    return permission.state === "granted";
  } catch {
    return false; // a browser that cannot say: the person presses the button
  }
}

async function askForMedia(deviceId: string): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new MicrophoneError(window.isSecureContext ? "unsupported" : "insecure");
  const processing = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const audio = deviceId ? { ...processing, deviceId: { ideal: deviceId } } : processing;
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw new MicrophoneError(problemOf(error));
  }
}

function problemOf(error: unknown): MicrophoneProblem {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "unsupported";
}

/** An audio graph at 16 kHz, or at a rate that the server can resample where the browser refuses 16 kHz. */
function contextFor(media: MediaStream): { context: AudioContext; source: MediaStreamAudioSourceNode } {
  for (const sampleRate of WANTED_RATES) {
    const context = new AudioContext(sampleRate === undefined ? {} : { sampleRate });
    try {
      const source = context.createMediaStreamSource(media);
      if (SAMPLE_RATES.includes(context.sampleRate)) return { context, source };
    } catch {
      // This browser connects no microphone to a graph of another rate: try the next.
    }
    void context.close();
  }
  throw new MicrophoneError("unsupported");
}

function connect(context: AudioContext, source: MediaStreamAudioSourceNode, options: MicrophoneOptions): void {
  const node = new AudioWorkletNode(context, "capture", {
    numberOfOutputs: 0,
    channelCount: 1,
    channelCountMode: "explicit",
  });
  node.port.onmessage = (event: MessageEvent<CapturedFrame>) => options.onFrame(event.data);
  source.connect(node);
}

function opened(media: MediaStream, context: AudioContext, options: MicrophoneOptions): OpenMicrophone {
  const track = media.getAudioTracks()[0];
  if (!track) throw new MicrophoneError("missing");
  track.onended = () => options.onLost();
  const ear = new Ear(track.clone(), context);
  return {
    sampleRate: context.sampleRate,
    label: track.label,
    media,
    setMuted(muted) {
      track.enabled = !muted;
      ear.listen(muted);
    },
    overheardLevel: () => ear.level(),
    isSuspended: () => context.state === "suspended",
    wake: () => void context.resume(),
    close() {
      track.stop();
      ear.close();
      void context.close();
    },
  };
}

/** Measures how loud it is on a copy of a track, because a muted track itself gives zeros. */
class Ear {
  private readonly analyser: AnalyserNode;
  private readonly samples: Float32Array<ArrayBuffer>;

  constructor(
    private readonly track: MediaStreamTrack,
    context: AudioContext,
  ) {
    this.analyser = context.createAnalyser();
    this.samples = new Float32Array(this.analyser.fftSize);
    context.createMediaStreamSource(new MediaStream([track])).connect(this.analyser);
    this.listen(false);
  }

  listen(on: boolean): void {
    this.track.enabled = on;
  }

  level(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    return Math.sqrt(this.samples.reduce((sum, sample) => sum + sample * sample, 0) / this.samples.length);
  }

  close(): void {
    this.track.stop();
  }
}

// Runs on the browser's audio thread, which keeps its pace in hidden tabs: everything that must go on there is driven
// by the messages sent from here.
import { Framer } from "./framer";

declare const sampleRate: number;
declare function registerProcessor(name: string, processor: unknown): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

const FRAMES_PER_SECOND = 10;
const SILENCE = new Float32Array(128);

class CaptureProcessor extends AudioWorkletProcessor {
  private readonly framer = new Framer(Math.round(sampleRate / FRAMES_PER_SECOND));

  process(inputs: Float32Array[][]): boolean {
    // Without a source the block is silence, so that the numbering keeps time.
    const block = inputs[0]?.[0] ?? SILENCE;
    for (const frame of this.framer.push(block, Date.now())) this.port.postMessage(frame, [frame.pcm.buffer]);
    return true;
  }
}

registerProcessor("capture", CaptureProcessor);

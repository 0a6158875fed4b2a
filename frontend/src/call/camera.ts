export type CameraProblem = "denied" | "missing" | "busy" | "unavailable";

/** Why there is no picture, in a form that a page can explain. */
export class CameraError extends Error {
  constructor(readonly problem: CameraProblem) {
    super(problem);
  }
}

// Enough for lips and signs; a mesh sends it to five others.
const PICTURE = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 24, max: 30 } };

/** Throws CameraError. */
export async function openCamera(): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new CameraError("unavailable");
  try {
    return await navigator.mediaDevices.getUserMedia({ video: PICTURE });
  } catch (error) {
    throw new CameraError(problemOf(error));
  }
}

function problemOf(error: unknown): CameraProblem {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "unavailable";
}

export function closeCamera(media: MediaStream | null): void {
  for (const track of media?.getTracks() ?? []) track.stop();
}

const KEY = "camera";

/** Whether somebody entered with the camera on the last time. */
export function remembersCamera(storage: Storage): boolean {
  return storage.getItem(KEY) === "on";
}

export function rememberCamera(storage: Storage, on: boolean): void {
  storage.setItem(KEY, on ? "on" : "off");
}

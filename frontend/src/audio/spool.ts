import type { StreamFrame } from "./ring";

/** A place for audio that outlives the page. Frames are numbered as their stream is. */
export interface AudioSpool {
  /** All that is kept of a stream, oldest first. */
  read(streamId: string): Promise<StreamFrame[]>;
  /** Begins to write at once: a page that goes away right after the call leaves the frames behind. */
  write(streamId: string, frames: readonly StreamFrame[]): void;
  /** Forgets the frames that begin before `sample`. */
  release(streamId: string, sample: number): void;
  forget(streamId: string): void;
}

interface SpooledFrame extends StreamFrame {
  streamId: string;
}

const DATABASE = "meeting-audio";
const FRAMES = "frames";
const OUTDATED_MS = 3_600_000; // as StreamMemory: no page goes on with such a stream

/** The browser's disk, or a spool that keeps nothing where the browser gives none (some private windows). */
export async function openSpool(now = Date.now()): Promise<AudioSpool> {
  try {
    const spool = new DiskSpool(await openDatabase());
    spool.forgetBefore(now - OUTDATED_MS);
    return spool;
  } catch {
    return noSpool;
  }
}

export const noSpool: AudioSpool = {
  read: async () => [],
  write: () => {},
  release: () => {},
  forget: () => {},
};

/** Frames in IndexedDB, one record each. A write that the disk refuses is undone whole, and the page's memory still has it. */
class DiskSpool implements AudioSpool {
  private isOpen = true;

  constructor(private readonly database: IDBDatabase) {
    database.onclose = () => this.close(); // the person cleared the site's data
    database.onversionchange = () => this.close();
  }

  async read(streamId: string): Promise<StreamFrame[]> {
    if (!this.isOpen) return [];
    const store = this.database.transaction(FRAMES, "readonly").objectStore(FRAMES);
    return await answer<SpooledFrame[]>(store.getAll(ofStream(streamId)));
  }

  write(streamId: string, frames: readonly StreamFrame[]): void {
    this.change((store) => {
      for (const frame of frames) store.put({ ...frame, streamId } satisfies SpooledFrame);
    });
  }

  release(streamId: string, sample: number): void {
    this.change((store) => store.delete(ofStream(streamId, sample)));
  }

  forget(streamId: string): void {
    this.change((store) => store.delete(ofStream(streamId)));
  }

  /** Forgets what was captured before `time`, of every stream. */
  forgetBefore(time: number): void {
    this.change((store) => {
      const cursor = store.index("capturedAt").openCursor(IDBKeyRange.upperBound(time, true));
      cursor.onsuccess = () => {
        cursor.result?.delete();
        cursor.result?.continue();
      };
    }, false);
  }

  /** With `whole` all requests are made at once and the transaction need not wait for their answers. */
  private change(request: (store: IDBObjectStore) => void, whole = true): void {
    if (!this.isOpen) return;
    const transaction = this.database.transaction(FRAMES, "readwrite");
    request(transaction.objectStore(FRAMES));
    if (whole) transaction.commit();
  }

  private close(): void {
    this.isOpen = false;
    this.database.close();
  }
}

function ofStream(streamId: string, before = Number.POSITIVE_INFINITY): IDBKeyRange {
  return IDBKeyRange.bound([streamId, Number.NEGATIVE_INFINITY], [streamId, before], false, true);
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    const store = request.result.createObjectStore(FRAMES, { keyPath: ["streamId", "firstSample"] });
    store.createIndex("capturedAt", "capturedAt");
  };
  return answer(request);
}

function answer<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

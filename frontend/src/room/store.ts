import type {
  CaptionFinal,
  CaptionPartial,
  Mark,
  OffRecord,
  ParticipantView,
  RoomEvent,
  SegmentUpdated,
  Status,
  Welcome,
} from "../protocol";

/** A caption being spoken, and when this page heard of it. */
export interface OpenCaption extends CaptionPartial {
  heardAt: number;
}

/** How a host set the meeting. */
export interface Doors {
  locked: boolean;
  waitingRoom: boolean;
  keepAudio: boolean;
}

export interface Person extends ParticipantView {
  /** Until when the person counts as speaking, in ms since the epoch. */
  speakingUntil: number;
}

const SPEAKING_MS = 1_500;
const FORGET_PARTIAL_MS = 30_000; // its transcriber is gone: the final comes from another one

/** All that this page knows of its meeting. It is given events and the time, and touches nothing else. */
export class RoomStore {
  readonly partials = new Map<string, OpenCaption>();
  readonly people = new Map<string, Person>();
  readonly marks = new Map<string, Mark>();
  readonly offRecord = new Map<number, OffRecord>();
  doors: Doors = { locked: false, waitingRoom: false, keepAudio: false };
  /** Who waits to be let in; known to hosts only. */
  waiting: Array<{ id: string; name: string }> = [];
  you = "";
  status: Status | null = null;
  ended: "no" | "finishing" | "complete" = "no";
  startedAt: string | null = null;
  iceServers: RTCIceServer[] = [];
  /** Of the marks that this page has. */
  lastChange = 0;
  /** Of the corrections that this page has. */
  lastEdit: number;
  private readonly revisions = new Map<number, number>();
  private readonly settledUntil = new Map<string, number>();
  private newest: number;

  private received: number;
  private contiguous: number;

  /** The newest caption and the newest correction that the page was rendered with. */
  constructor(
    private readonly rendered: number,
    renderedEdit = 0,
  ) {
    this.lastEdit = renderedEdit;
    this.newest = this.received = this.contiguous = rendered;
  }

  /** The last caption before the first hole. */
  get lastSequence(): number {
    return this.contiguous;
  }

  get isBehind(): boolean {
    return this.newest > this.contiguous;
  }

  /** The server has just sent all it has: captions missing before the newest received were deleted. */
  closeHoles(): void {
    this.contiguous = this.received;
  }

  /** Nothing is transcribed now. */
  get isOffRecord(): boolean {
    return Array.from(this.offRecord.values()).some((span) => span.end_ms === null);
  }

  get isHost(): boolean {
    return this.people.get(this.you)?.role === "host";
  }

  /** Takes an event in; returns the final when it is new or newer, so that it can be shown. */
  apply(event: RoomEvent, now: number): CaptionFinal | null {
    switch (event.type) {
      case "welcome":
        this.welcome(event);
        break;
      case "caption.final":
        return this.final(event) ? event : null;
      case "segment.updated":
        return this.updated(event);
      case "caption.partial":
        this.partial(event, now);
        break;
      case "mark.changed":
        this.marks.set(event.id, event);
        this.lastChange = Math.max(this.lastChange, event.change);
        break;
      case "off_record.changed":
        this.offRecord.set(event.id, event);
        break;
      case "meeting.changed":
        this.doors = { locked: event.locked, waitingRoom: event.waiting_room, keepAudio: event.keep_audio };
        break;
      case "waiting.changed":
        this.waiting = event.people;
        break;
      case "participant.joined":
        this.person(event.participant);
        break;
      case "participant.left":
        this.change(event.participant_id, {
          present: false,
          muted: true,
          hearing: false,
          speakingUntil: 0,
          hand_ms: null,
        });
        break;
      case "participant.state":
        this.change(event.participant_id, { muted: event.muted, hearing: event.hearing });
        break;
      case "participant.hand":
        this.change(event.participant_id, { hand_ms: event.hand_ms });
        break;
      case "status":
        this.status = event;
        this.newest = Math.max(this.newest, event.sequence);
        this.forgetOldPartials(now);
        break;
      case "meeting.ended":
        this.ended = event.complete ? "complete" : "finishing";
        break;
    }
    return null;
  }

  /** Somebody is heard right now. */
  speaking(participantId: string, now: number): void {
    this.change(participantId, { speakingUntil: now + SPEAKING_MS });
  }

  private welcome(event: Welcome): void {
    this.you = event.you;
    this.iceServers = event.ice_servers;
    this.startedAt = event.meeting.started_at;
    this.newest = Math.max(this.newest, event.sequence);
    const listed = new Set(event.participants.map((person) => person.id));
    for (const id of this.people.keys()) if (!listed.has(id)) this.people.delete(id);
    for (const person of event.participants) this.person(person);
  }

  private person(view: ParticipantView): void {
    const speakingUntil = this.people.get(view.id)?.speakingUntil ?? 0;
    this.people.set(view.id, { ...view, speakingUntil });
  }

  private change(id: string, values: Partial<Person>): void {
    const person = this.people.get(id);
    if (person) this.people.set(id, { ...person, ...values });
  }

  private final(event: CaptionFinal): boolean {
    const known = this.revisions.get(event.sequence) ?? (event.sequence <= this.rendered ? 0 : -1);
    if (event.revision <= known) return false;
    this.revisions.set(event.sequence, event.revision);
    this.received = Math.max(this.received, event.sequence);
    this.newest = Math.max(this.newest, event.sequence);
    while (this.revisions.has(this.contiguous + 1)) this.contiguous++;
    this.settle(event);
    return true;
  }

  private updated(event: SegmentUpdated): CaptionFinal | null {
    this.lastEdit = Math.max(this.lastEdit, event.edit);
    const { edit: _, ...segment } = event;
    const caption: CaptionFinal = { ...segment, type: "caption.final" };
    return this.final(caption) ? caption : null;
  }

  private settle(event: CaptionFinal): void {
    const until = Math.max(this.settledUntil.get(event.stream_id) ?? 0, event.end_ms);
    this.settledUntil.set(event.stream_id, until);
    const partial = this.partials.get(event.stream_id);
    if (partial && this.isSettled(partial)) this.partials.delete(event.stream_id);
  }

  private partial(event: CaptionPartial, now: number): void {
    if (this.isSettled(event)) return;
    if (event.text === "") this.partials.delete(event.stream_id);
    else this.partials.set(event.stream_id, { ...event, heardAt: now });
    this.speaking(event.participant_id, now);
  }

  /** A partial that begins before the stream's last final ended is an older guess at what is final now. */
  private isSettled(partial: CaptionPartial): boolean {
    return partial.start_ms < (this.settledUntil.get(partial.stream_id) ?? 0);
  }

  private forgetOldPartials(now: number): void {
    for (const [stream, partial] of this.partials) {
      if (now - partial.heardAt > FORGET_PARTIAL_MS) this.partials.delete(stream);
    }
  }
}

import { Controller } from "@hotwired/stimulus";
import type { Moment, Picture, Summary } from "../operations/picture";
import { linePath, type Point, roundUp } from "../operations/plot";
import { percent, shortTime } from "../operations/short-time";
import type { Stage } from "../protocol";

const EVERY_MS = 2_000;
const HOUR = 3_600;
const SHORTEST = 300; // seconds that a plot shows at least
const WIDTH = 360; // of the plots' view boxes

/** The operators' page: fetches the figures every two seconds and draws them. The texts are in templates/operations.html. */
export class OperationsController extends Controller<HTMLElement> {
  static values = { url: String };
  static targets = [
    "trouble",
    "beat",
    "sla",
    "fact",
    "stage",
    "nobody",
    "somebody",
    "streams",
    "transcribers",
    "processes",
  ];
  declare urlValue: string;
  declare troubleTarget: HTMLElement;
  declare beatTarget: HTMLElement;
  declare slaTarget: HTMLElement;
  declare factTargets: HTMLElement[];
  declare stageTargets: HTMLElement[];
  declare nobodyTarget: HTMLElement;
  declare somebodyTarget: HTMLElement;
  declare streamsTarget: HTMLElement;
  declare transcribersTarget: HTMLElement;
  declare processesTarget: HTMLElement;
  /** Replaced in tests. */
  static fetch: (url: string) => Promise<Response> = (url) => fetch(url, { redirect: "manual" });
  private timer = 0;

  connect(): void {
    void this.refresh();
  }

  disconnect(): void {
    window.clearTimeout(this.timer);
    this.timer = -1;
  }

  async refresh(): Promise<void> {
    try {
      const answer = await OperationsController.fetch(this.urlValue);
      if (!answer.ok) throw new Error(String(answer.status));
      this.show((await answer.json()) as Picture);
      this.troubleTarget.hidden = true;
    } catch {
      this.troubleTarget.hidden = false; // offline, signed out or without Redis: the old figures stay
    }
    if (this.timer >= 0) this.timer = window.setTimeout(() => void this.refresh(), EVERY_MS);
  }

  private show(picture: Picture): void {
    this.beatTarget.hidden = !picture.beat_is_silent;
    this.facts(picture);
    for (const row of this.stageTargets) this.stage(row, picture);
    this.speakers(picture);
    this.processes(picture);
  }

  private facts({ stages, limit_ms, now }: Picture): void {
    const whole = stages.caption;
    const facts: Record<string, string> = {
      inTime: whole ? percent(1 - whole.violation_rate) : "–",
      limit: shortTime(limit_ms),
      caption: whole ? shortTime(whole.p50_ms) : "–",
      captionSlow: whole ? shortTime(whole.p95_ms) : "–",
      streams: String(now.streams),
      lag: shortTime(now.lag_ms),
      frames: String(now.frames),
    };
    for (const fact of this.factTargets) fact.textContent = facts[fact.dataset.fact ?? ""] ?? "–";
    this.slaTarget.classList.toggle("is-late", (whole?.violation_rate ?? 0) > 0.05);
  }

  private stage(row: HTMLElement, picture: Picture): void {
    const stage = row.dataset.stage as Stage;
    const summary = picture.stages[stage];
    for (const cell of row.querySelectorAll<HTMLElement>("[data-figure]")) {
      cell.textContent = summary ? figureText(cell.dataset.figure as keyof Summary, summary) : "–";
    }
    const moments = [...picture.history, picture.now];
    const limit = stage === "caption" ? picture.limit_ms : undefined;
    this.plot(row, moments, stage, limit);
  }

  private plot(row: HTMLElement, moments: Moment[], stage: Stage, limit: number | undefined): void {
    const typical = moments.map(({ at, p50_ms }): Point => [at, p50_ms[stage]]);
    const slow = moments.map(({ at, p95_ms }): Point => [at, p95_ms[stage]]);
    const to = moments.at(-1)?.at ?? 0;
    const height = row.querySelector("svg")?.viewBox?.baseVal?.height || 40;
    const top = roundUp(Math.max(...slow.map(([, value]) => value ?? 0), (limit ?? 0) * 1.1));
    const frame = {
      width: WIDTH,
      height,
      from: Math.max(to - HOUR, Math.min(moments[0]?.at ?? to, to - SHORTEST)),
      to,
      top,
    };
    draw(row, "typical", linePath(typical, frame));
    draw(row, "slow", linePath(slow, frame));
    if (limit !== undefined) draw(row, "limit", `M0 ${height - (limit / top) * (height - 1)}h${WIDTH}`);
    const scale = row.querySelector("[data-scale]");
    if (scale) scale.textContent = shortTime(top);
  }

  private speakers({ streams }: Picture): void {
    this.nobodyTarget.hidden = streams.length > 0;
    this.somebodyTarget.hidden = streams.length === 0;
    const rows = streams.map(({ speaker, meeting, stages }) => {
      const whole = stages.caption;
      const figures = whole
        ? [shortTime(whole.p50_ms), shortTime(whole.p95_ms), percent(whole.violation_rate)]
        : ["–", "–", "–"];
      return tableRow(speaker, [meeting, ...figures, this.slowest(stages)]);
    });
    this.streamsTarget.replaceChildren(...rows);
  }

  private processes({ processes, transcribers }: Picture): void {
    const rows = transcribers.map(({ description, condition, lag_ms, streams }) =>
      tableRow(description || "…", [condition, String(streams), shortTime(lag_ms)]),
    );
    this.transcribersTarget.replaceChildren(...rows);
    this.processesTarget.textContent = processes.map(({ name }) => name).join(", ") || "–";
  }

  /** The stage with the longest p95, by the name that the table above gives it. */
  private slowest(stages: Picture["streams"][0]["stages"]): string {
    const [found] = Object.entries(stages)
      .filter(([stage]) => stage !== "caption")
      .sort(([, one], [, other]) => other.p95_ms - one.p95_ms);
    if (!found) return "–";
    const row = this.stageTargets.find((candidate) => candidate.dataset.stage === found[0]);
    return `${row?.querySelector("th")?.firstChild?.textContent?.trim() ?? found[0]}, ${shortTime(found[1].p95_ms)}`;
  }
}

function figureText(figure: keyof Summary, summary: Summary): string {
  return figure === "violation_rate" ? percent(summary.violation_rate) : shortTime(summary[figure]);
}

function draw(row: HTMLElement, line: string, path: string): void {
  row.querySelector(`[data-line="${line}"]`)?.setAttribute("d", path);
}

function tableRow(head: string, cells: string[]): HTMLElement {
  const row = document.createElement("tr");
  const name = made("th", head);
  name.setAttribute("scope", "row");
  row.append(name, ...cells.map((text) => made("td", text)));
  return row;
}

function made(tag: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

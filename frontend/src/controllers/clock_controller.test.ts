import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { clock } from "../room/clock";
import { find, show } from "../testing/page";
import { ClockController } from "./clock_controller";

const page = `
  <p data-controller="clock" data-clock-start-value="2026-03-01T09:00:00+00:00" data-action="room:tick@window->clock#show">
    <span data-clock-target="time">Live</span>
  </p>`;

beforeEach(() => vi.spyOn(Date, "now").mockReturnValue(Date.parse("2026-03-01T10:02:03Z")));
afterEach(() => vi.restoreAllMocks());

it("shows how long the meeting has been running", async () => {
  await show(page, { clock: ClockController });
  expect(find("span").textContent).toBe("1:02:03");
});

it("writes times as the server's templates do", () => {
  expect([0, 65_000, 3_599_999, 3_600_000].map(clock)).toEqual(["00:00", "01:05", "59:59", "1:00:00"]);
});

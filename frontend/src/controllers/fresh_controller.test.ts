import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { find, show } from "../testing/page";
import { FreshController } from "./fresh_controller";

const page = '<main><div data-controller="fresh"><button>Cancel</button></div></main>';
const server = vi.fn();

beforeEach(async () => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", server);
  const shown = show(page, { fresh: FreshController });
  await vi.advanceTimersByTimeAsync(1);
  await shown;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("shows what the server has now", async () => {
  server.mockResolvedValue(new Response('<main><div data-controller="fresh"><p>Done</p></div></main>'));
  await vi.advanceTimersByTimeAsync(3_100);
  expect(find("[data-controller=fresh]").innerHTML).toBe("<p>Done</p>");
});

it("leaves everything in place while somebody is at it", async () => {
  find("button").focus();
  server.mockResolvedValue(new Response('<main><div data-controller="fresh"></div></main>'));
  await vi.advanceTimersByTimeAsync(3_100);
  expect(find("button").textContent).toBe("Cancel");
});

it("keeps what it shows when the server is away or has signed us out", async () => {
  server.mockRejectedValueOnce(new TypeError("away"));
  server.mockResolvedValue(new Response("<main>Sign in</main>"));
  await vi.advanceTimersByTimeAsync(6_100);
  expect(find("button").textContent).toBe("Cancel");
});

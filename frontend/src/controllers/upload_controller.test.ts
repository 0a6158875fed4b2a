import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { find, show } from "../testing/page";
import { UploadController } from "./upload_controller";

const page = `
  <form action="/recordings/begin/" data-controller="upload" data-action="upload#send" data-upload-chunk-value="4">
    <input name="csrfmiddlewaretoken" value="token">
    <input type="file" data-upload-target="file" data-action="upload#choose">
    <input name="title" data-upload-target="title">
    <div data-upload-target="progress" hidden><span data-upload-target="percent"></span>
      <progress max="100" data-upload-target="bar"></progress></div>
    <p data-upload-target="error" data-away="away" hidden></p>
    <button data-upload-target="button">Upload</button>
  </form>`;
const file = new File(["0123456789"], "board.final.mp3", { lastModified: 7 });
let calls: string[] = [];
let answers: Array<[number, object]> = [];

beforeEach(async () => {
  localStorage.clear();
  calls = [];
  await show(page, { upload: UploadController });
  Object.defineProperty(find<HTMLInputElement>("[type=file]"), "files", { value: [file], configurable: true });
  vi.stubGlobal("fetch", async (url: string, options?: RequestInit) => {
    calls.push(`${options?.method ?? "GET"} ${new URL(url, "http://host").pathname}`);
    const [status, body] = answers.shift() ?? [200, {}];
    return new Response(JSON.stringify(body), { status });
  });
  vi.stubGlobal("location", { assign: (url: string) => calls.push(`go ${url}`) });
});

afterEach(() => vi.unstubAllGlobals());

const begun = { url: "/recordings/1/", chunks_url: "/recordings/1/chunks/", received: 0 };

it("proposes the file's name as title", () => {
  find("[type=file]").dispatchEvent(new Event("input"));
  expect(find<HTMLInputElement>("[name=title]").value).toBe("board.final");
});

it("sends chunk after chunk, from where the server is", async () => {
  answers = [
    [201, begun],
    [200, { received: 4 }],
    [409, { received: 8 }],
    [200, { received: 10 }],
  ];
  find("form").dispatchEvent(new Event("submit"));
  await vi.waitFor(() => expect(calls.at(-1)).toBe("go /recordings/1/"));
  expect(calls.slice(0, -1)).toEqual([
    "POST /recordings/begin/",
    "POST /recordings/1/chunks/0/",
    "POST /recordings/1/chunks/4/",
    "POST /recordings/1/chunks/8/",
  ]);
});

it("goes on with an upload that broke off", async () => {
  localStorage.setItem("upload:board.final.mp3:10:7", "/recordings/1/");
  answers = [
    [200, { ...begun, received: 8, over: false, size: 10 }],
    [200, { received: 10 }],
  ];
  find("form").dispatchEvent(new Event("submit"));
  await vi.waitFor(() => expect(calls.at(-1)).toBe("go /recordings/1/"));
  expect(calls.slice(0, -1)).toEqual(["GET /recordings/1/state/", "POST /recordings/1/chunks/8/"]);
});

it("says why a file is refused, and lets another be chosen", async () => {
  answers = [[413, { error: "The file is too large" }]];
  find("form").dispatchEvent(new Event("submit"));
  await vi.waitFor(() => expect(find("[data-upload-target=error]").textContent).toBe("The file is too large"));
  expect(find<HTMLButtonElement>("button").disabled).toBe(false);
});

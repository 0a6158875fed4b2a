import { beforeEach, expect, it } from "vitest";
import { find, show, template, texts } from "../testing/page";
import { FacesController } from "./faces_controller";

const media = () => new MediaStream();
const people = new Map([
  ["ada", { name: "Ada", color: 1, speakingUntil: 0 }],
  ["bob", { name: "Bob", color: 2, speakingUntil: Number.MAX_VALUE }],
  ["eve", { name: "Eve", color: 3, speakingUntil: 0 }],
]);

function tell(name: string, detail: object): void {
  window.dispatchEvent(new CustomEvent(name, { detail }));
}

beforeEach(async () => {
  HTMLVideoElement.prototype.play = async () => {};
  await show(template("meetings/_faces.html"), { faces: FacesController });
  tell("room:changed", { store: { you: "ada", people } });
});

it("shows who is seen under their name, oneself last, and nothing when nobody is", () => {
  expect(find(".faces").hidden).toBe(true);
  tell("camera:media", { media: media() });
  tell("room:seen", { id: "bob", media: media() });
  tell("room:seen", { id: "eve", media: media() });
  expect(texts(".face")).toEqual(["Bob", "Eve", "Ada"]);
  expect(find(".face-mine").textContent).toContain("Ada");
  tell("room:seen", { id: "bob", media: null });
  tell("room:seen", { id: "bob", media: null });
  expect(texts(".face")).toEqual(["Eve", "Ada"]);
  tell("camera:media", { media: null });
  tell("room:seen", { id: "eve", media: null });
  expect(find(".faces").hidden).toBe(true);
});

it("keeps a face whose picture is another one now, and follows names and who speaks", () => {
  tell("room:seen", { id: "bob", media: media() });
  const face = find(".face");
  expect(face.classList.contains("is-speaking")).toBe(true);
  tell("room:seen", { id: "bob", media: media() });
  expect(find(".face")).toBe(face);
  tell("room:changed", {
    store: { you: "ada", people: new Map([["bob", { name: "Robert", color: 2, speakingUntil: 0 }]]) },
  });
  expect(texts(".face")).toEqual(["Robert"]);
  expect(face.classList.contains("is-speaking")).toBe(false);
});

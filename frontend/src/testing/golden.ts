import { readFileSync } from "node:fs";

/** The golden messages that the server's tests read too. */
export function golden<Case>(name: string): Case[] {
  return JSON.parse(readFileSync(`${process.cwd()}/../tests/wire/${name}.json`, "utf8"));
}

/** One golden message by its name. */
export function goldenMessage<Message>(file: string, name: string): Message {
  const found = golden<{ name: string; message: Message }>(file).find((item) => item.name === name);
  if (!found) throw new Error(`tests/wire/${file}.json has no "${name}"`);
  return found.message;
}

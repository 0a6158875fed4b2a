/** What the server made of a test sentence, or why it made nothing of it. */
export type Verdict = { state: "understood"; text: string } | { state: "nothing" | "often" | "away" };

const POLL_MS = 400;
const PATIENCE_MS = 20_000; // a transcriber that is busy with meetings

/** Sends the sound of a test sentence and waits for the recogniser's words. */
export async function understood(
  url: string,
  token: string,
  sound: Blob,
  rate: number,
  language: string,
): Promise<Verdict> {
  try {
    const address = `${url}?${new URLSearchParams({ rate: String(rate), language })}`;
    const answer = await fetch(address, { method: "POST", body: sound, headers: { "X-CSRFToken": token } });
    if (answer.status === 429) return { state: "often" };
    if (!answer.ok) return { state: "away" };
    return await words(`${url}${((await answer.json()) as { check: string }).check}/`);
  } catch {
    return { state: "away" }; // no network: the lobby is left all the same
  }
}

async function words(url: string): Promise<Verdict> {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const answer = await fetch(url);
    if (!answer.ok) return { state: "away" };
    const heard = (await answer.json()) as { text: string; done: boolean };
    if (heard.done) return heard.text ? { state: "understood", text: heard.text } : { state: "nothing" };
  }
  return { state: "away" };
}

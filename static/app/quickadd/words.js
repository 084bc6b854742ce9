// The words of quick add, fetched once, and the reader that uses them.
import { signal } from "@preact/signals";
import { reader } from "#app/quickadd/reading.js";

/** Undefined until the words are loaded. */
export const readSentence = signal(
  /** @type {ReturnType<typeof reader> | undefined} */ (undefined),
);
let fetching = false;

/** Loads the words; retries after a failure. */
export async function fetchWords() {
  const { words } = document.documentElement.dataset;
  if (fetching || readSentence.value || !words) return;
  fetching = true;
  const answer = await fetch(words).catch(() => undefined);
  if (answer?.ok) readSentence.value = reader(await answer.json());
  fetching = false;
}

// Parts of the page that its first sight does not need: each is loaded at the moment of need, and
// all of them as soon as nothing else is to be done.
import { signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { line } from "#app/hold.js";
import { toast } from "#app/state.js";
import { gettext } from "#app/text.js";
import { atOnce, html } from "#app/views/html.js";

const SOON = 2_000; // milliseconds; a browser that is never idle loads them all the same
const LONGEST = 20_000; // milliseconds that keys wait for a part

/** @template T */
class Part {
  /** @param {() => Promise<T>} load */
  constructor(load) {
    this.load = load;
    this.here = signal(/** @type {T | undefined} */ (undefined));
    /** @type {Promise<T | undefined> | undefined} */
    this.coming = undefined;
  }

  /** Undefined if it cannot be loaded now; the next call tries again. */
  fetch() {
    this.coming ??= this.load()
      .then((it) => {
        atOnce(() => {
          this.here.value = it;
        });
        return it;
      })
      .catch(() => {
        this.coming = undefined;
        return undefined;
      });
    return this.coming;
  }

  /**
   * Does something with it, in the same moment if it is here. If not, what the person does meanwhile
   * waits behind it; says so if it cannot be loaded.
   * @param {(it: T) => unknown} [act]
   * @param {() => unknown} [otherwise] instead
   */
  async use(act = () => undefined, otherwise = () => undefined) {
    const it = this.here.peek();
    if (it) return void act(it);
    const late = new Promise((done) => setTimeout(done, LONGEST));
    const coming = Promise.race([this.fetch(), late]).then(() => {
      const come = this.here.peek();
      if (come) act(come);
      else otherwise();
      return Boolean(come);
    });
    const gone = await line.until(coming);
    if (!this.here.peek()) missing(gone.length > 0);
  }
}

/** @param {string} text */
export function say(text) {
  toast.value = { text, title: "", undo: false };
}

/** @param {boolean} alsoKeys whether keys or presses are lost with it */
function missing(alsoKeys) {
  const words = gettext(
    "This part of the page is not on this device yet. Try again with a network.",
  );
  say(alsoKeys ? `${words} ${lost()}` : words);
}

const lost = () => gettext("What you have typed or pressed since is not done.");
line.onloss = () => say(lost());

export const detail = new Part(() => import("#app/views/detail.js"));
export const dialogs = new Part(() => import("#app/views/dialogs.js"));
export const dragging = new Part(() => import("#app/drag.js"));
export const menus = new Part(() => import("#app/views/menus.js"));
export const moves = new Part(() => import("#app/moves.js"));
export const places = new Part(() => import("#app/places.js"));
export const selecting = new Part(() => import("#app/views/selection.js"));
export const updating = new Part(() => import("#app/update.js"));
export const sentences = new Part(async () => {
  const words = fetch(document.documentElement.dataset.words ?? "");
  const [it, answer] = await Promise.all([import("#app/views/understood.js"), words]);
  if (!answer.ok) throw new Error(`${answer.status}: the words of quick add`);
  it.learn(await answer.json());
  return it;
});

const PARTS = [sentences, detail, menus, dragging, moves, dialogs, places, selecting, updating];

/** Until the browser has nothing else to do. */
const leisure = () =>
  new Promise((done) =>
    "requestIdleCallback" in globalThis
      ? requestIdleCallback(done, { timeout: SOON })
      : setTimeout(done, SOON / 10),
  );

/** Gives whether all of them are here. */
export async function fetchAll() {
  await leisure();
  const all = await Promise.all(PARTS.map((part) => part.fetch()));
  return all.every(Boolean);
}

/**
 * Draws a view of a part, as soon as it is here.
 * @param {{part: Part<any>, name: string, onMissing?: () => void} & Record<string, any>} props
 */
export function Later({ part, name, onMissing, ...props }) {
  const it = part.here.value;
  useLayoutEffect(() => {
    if (!it) void part.use(undefined, onMissing);
  }, []);
  return it ? html`<${it[name]} ...${props} />` : null;
}

// Parts of the page that its first sight does not need: each is loaded at the moment of need, and
// all of them as soon as nothing else is to be done.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { toast } from "#app/state.js";
import { gettext } from "#app/text.js";
import { html } from "#app/views/html.js";

const SOON = 2_000; // milliseconds; a browser that is never idle loads them all the same

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
        this.here.value = it;
        return it;
      })
      .catch(() => {
        this.coming = undefined;
        return undefined;
      });
    return this.coming;
  }

  /**
   * Does something with it, in the same moment if it is here; says so if it cannot be loaded.
   * @param {(it: T) => unknown} act
   * @param {() => unknown} [otherwise]
   */
  async use(act, otherwise = missing) {
    const it = this.here.peek() ?? (await this.fetch());
    if (it) act(it);
    else otherwise();
  }
}

/** @param {string} text */
export function say(text) {
  toast.value = { text, title: "", undo: false };
}

const missing = () =>
  say(gettext("This part of the page is not on this device yet. Try again with a network."));

export const detail = new Part(() => import("#app/views/detail.js"));
export const dialogs = new Part(() => import("#app/views/dialogs.js"));
export const dragging = new Part(() => import("#app/drag.js"));
export const menus = new Part(() => import("#app/views/menus.js"));
export const moves = new Part(() => import("#app/moves.js"));
export const places = new Part(() => import("#app/places.js"));
export const searching = new Part(() => import("#app/query.js"));
export const selecting = new Part(() => import("#app/views/selection.js"));
export const updating = new Part(() => import("#app/update.js"));
export const sentences = new Part(async () => {
  const words = fetch(document.documentElement.dataset.words ?? "");
  const [it, answer] = await Promise.all([import("#app/views/understood.js"), words]);
  if (!answer.ok) throw new Error(`${answer.status}: the words of quick add`);
  it.learn(await answer.json());
  return it;
});

const PARTS = [
  sentences,
  detail,
  menus,
  dragging,
  moves,
  dialogs,
  searching,
  places,
  selecting,
  updating,
];

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
  useEffect(() => {
    const otherwise = () => {
      onMissing?.();
      missing();
    };
    if (!it) void part.use(() => undefined, otherwise);
  }, []);
  return it ? html`<${it[name]} ...${props} />` : null;
}

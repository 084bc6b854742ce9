// The state of the page besides the data: signals that views read.
import { computed, signal } from "@preact/signals";
import { local } from "#app/days.js";
import { read, write } from "#app/route.js";
import { family } from "#app/subtasks.js";

/** @typedef {import("#app/store.js").Store} Store */
/** @typedef {import("#app/sync.js").Sync} Sync */
/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {import("#app/model.js").List} List */
/** @typedef {import("#app/model.js").Profile} Profile */
/** @typedef {{text: string, title: string, undo: boolean}} Toast */

export const store = signal(/** @type {Store | undefined} */ (undefined));
export const sync = signal(/** @type {Sync | undefined} */ (undefined));
export const start = signal(/** @type {"starting" | "ready" | "away"} */ ("starting"));
export const route = signal(read(location.hash));
export const selection = signal(/** @type {ReadonlySet<string>} */ (new Set()));
export const editing = signal(""); // the to-do whose title is edited in its row
export const toast = signal(/** @type {Toast | undefined} */ (undefined));
export const added = signal(/** @type {{id: string, title: string} | undefined} */ (undefined));
export const dialog = signal(""); // the name of the open dialog
export const sidebar = signal(false); // on a phone
export const update = signal(false); // a new version is ready
export const clock = signal(Date.now());
export const showsFinished = signal(false);

/** @param {"todo" | "list" | "tag" | "filter" | "profile"} kind @returns {any[]} */
export function all(kind) {
  store.value?.revision.value; // read it, so that views of the data are redrawn
  return [...(store.value?.all(kind).values() ?? [])];
}

export const profile = computed(() => /** @type {Profile | undefined} */ (all("profile")[0]));

/** The subtasks of each to-do. */
export const kin = computed(() => family(all("todo")));

/** @type {Map<string, string>} */
let lastColors = new Map();

/** Name of a tag -> colour; the same map as long as nothing has changed. */
export const tagColors = computed(() => {
  const colors = all("tag")
    .filter(({ color }) => color)
    .map(({ name, color }) => /** @type {[string, string]} */ ([name, color]));
  if (JSON.stringify(colors) !== JSON.stringify([...lastColors])) lastColors = new Map(colors);
  return lastColors;
});

export const zone = computed(
  () => profile.value?.time_zone || Intl.DateTimeFormat().resolvedOptions().timeZone,
);

/** The current day and time in the user's time zone. */
export const now = computed(() => local(clock.value, zone.value));
export const today = computed(() => now.value.on);

/** @param {Partial<import("#app/route.js").Route> & {view: string}} to */
export function go(to) {
  if (location.hash !== write(to)) history.pushState(null, "", write(to));
  arrive();
}

/** Opens the to-do beside the view, or closes it. @param {string} id */
export function open(id) {
  history.replaceState(null, "", write({ ...route.value, todo: id }));
  route.value = read(location.hash);
}

function arrive() {
  const from = route.value;
  route.value = read(location.hash);
  if (from.view !== route.value.view || from.of !== route.value.of) selection.value = new Set();
  sidebar.value = false;
}

addEventListener("hashchange", arrive);

/** A setting of this browser. @param {string} name @param {string} usual */
export function kept(name, usual) {
  const key = `nudge.${name}`;
  const value = signal(localStorage.getItem(key) ?? usual);
  return {
    value,
    /** @param {string} to */
    set(to) {
      value.value = to;
      localStorage.setItem(key, to);
    },
  };
}

const folds = kept("folded", "");

/** The to-dos with hidden subtasks. */
export const folded = computed(() => new Set(folds.value.value.split(" ").filter(Boolean)));

/** @param {string} id */
export function fold(id) {
  const some = new Set(folded.value);
  if (!some.delete(id)) some.add(id);
  folds.set([...some].join(" "));
}

export const appearance = kept("appearance", "system");
export const shortcuts = kept("shortcuts", "on");

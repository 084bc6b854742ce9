// The to-dos of a view, in their order and under their headings.
import { asSeen, isOverdue, local, plus } from "#app/days.js";
import { byPlace } from "#app/order.js";
import { finder } from "#app/query.js";
import { tree } from "#app/subtasks.js";
import { fold } from "#app/text.js";

/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {import("#app/model.js").List} List */
/** @typedef {import("#app/route.js").Route} Route */
/** @typedef {{on: string, at: string}} Now */
/**
 * @typedef {object} Data
 * @property {Todo[]} todos
 * @property {List[]} lists
 * @property {Now} now
 * @property {string} zone
 * @property {string} sort
 * @property {ReadonlySet<string>} [folded]
 */
/**
 * @typedef {object} Section
 * @property {"plain" | "overdue" | "today" | "day" | "finished" | "trash"} kind
 * @property {string} day for those that are about one
 * @property {Todo[]} todos
 * @property {Map<string, number>} [levels] how deep each stands, if those below are shown so
 */

export const SORTS = ["manual", "due", "priority", "title", "newest"];
const LATE = "9999-12-31";

/** @param {Todo} todo @param {string} zone */
export const seen = (todo, zone) => (todo.due ? asSeen(todo.due, zone) : null);

/** @param {Todo} todo @param {string} zone */
function dueKey(todo, zone) {
  const due = seen(todo, zone);
  return due ? `${due.on}T${due.at ?? "99"}` : LATE;
}

/**
 * @param {string} sort
 * @param {string} zone
 * @returns {(a: Todo, b: Todo) => number}
 */
export function sorter(sort, zone) {
  /** @type {Record<string, (a: Todo, b: Todo) => number>} */
  const by = {
    due: (a, b) => compare(dueKey(a, zone), dueKey(b, zone)),
    priority: (a, b) => b.priority - a.priority,
    title: (a, b) => a.title.localeCompare(b.title),
    newest: (a, b) => compare(b.created_at, a.created_at),
    finished: (a, b) => compare(b.finished_at ?? "", a.finished_at ?? ""),
    deleted: (a, b) => compare(b.deleted_at ?? "", a.deleted_at ?? ""),
  };
  const first = by[sort];
  return first ? (a, b) => first(a, b) || byPlace(a, b) : byPlace;
}

/** @param {string} a @param {string} b */
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** The list of a to-do, or the inbox if the list is missing. @param {Todo} todo @param {Map<string, List>} lists */
export function homeOf(todo, lists) {
  return lists.get(todo.list) ?? [...lists.values()].find((list) => list.is_inbox);
}

/**
 * Whether a view of a list, a tag, the inbox, a search or a filter shows a to-do.
 * @param {Route} route
 * @param {Map<string, List>} lists
 * @param {Data} data
 * @returns {(todo: Todo) => boolean}
 */
function belongs({ view, of, query }, lists, { now, zone }) {
  if (view === "inbox") return (todo) => homeOf(todo, lists)?.is_inbox ?? true;
  if (view === "list") return (todo) => homeOf(todo, lists)?.id === of;
  if (view === "tag") return (todo) => todo.tags.some((tag) => fold(tag) === fold(of));
  const listName = (/** @type {Todo} */ todo) => homeOf(todo, lists)?.name ?? "";
  return finder(view, query, { now, zone, listName }) ?? (() => false);
}

/**
 * @param {Route} route
 * @param {Data} data
 * @param {boolean} withFinished
 * @returns {Section[]}
 */
export function sections(route, data, withFinished) {
  const { todos, zone } = data;
  const alive = todos.filter((todo) => !todo.deleted_at);
  const open = alive.filter((todo) => todo.status === "open");
  switch (route.view) {
    case "today":
      return todaySections(open, data);
    case "upcoming":
      return upcomingSections(open, data);
    case "finished":
      return finishedSections(alive, zone);
    case "trash": {
      const gone = todos.filter((todo) => todo.deleted_at).sort(sorter("deleted", zone));
      return [{ kind: "trash", day: "", todos: gone }];
    }
    default:
      return plainSections(route, alive, data, withFinished);
  }
}

/** @param {Route} route @param {Todo[]} alive @param {Data} data @param {boolean} withFinished */
function plainSections(route, alive, data, withFinished) {
  const { lists, zone, sort } = data;
  const byId = new Map(lists.map((list) => [list.id, list]));
  const inside = alive.filter(belongs(route, byId, data));
  const all = withFinished || route.view === "search" || /\bis:finished\b/iu.test(route.query);
  const order = sorter(route.view === "search" ? "newest" : sort, zone);
  const open = inside.filter((todo) => todo.status === "open").sort(order);
  const finished = inside.filter((todo) => todo.status === "finished");
  const nested = ["inbox", "list"].includes(route.view)
    ? tree(open, data.folded ?? new Set())
    : { todos: open };
  /** @type {Section[]} */
  const found = [{ kind: "plain", day: "", ...nested }];
  if (all && finished.length) {
    found.push({ kind: "finished", day: "", todos: finished.sort(sorter("finished", zone)) });
  }
  return found;
}

/** Whether it is due by today and starts no later. @param {Todo} todo @param {Now} now @param {string} zone */
function isForToday(todo, now, zone) {
  return (seen(todo, zone)?.on ?? LATE) <= now.on && (todo.start_on ?? "") <= now.on;
}

/** @param {Todo[]} open @param {Data} data @returns {Section[]} */
function todaySections(open, { now, zone }) {
  const due = open.filter((todo) => isForToday(todo, now, zone));
  const order = sorter("due", zone);
  const late = due.filter((todo) => isLate(todo, now, zone)).sort(order);
  const rest = due.filter((todo) => !isLate(todo, now, zone)).sort(order);
  return /** @type {Section[]} */ ([
    { kind: "overdue", day: "", todos: late },
    { kind: "today", day: now.on, todos: rest },
  ]).filter((section) => section.kind === "today" || section.todos.length);
}

/** @param {Todo} todo @param {Now} now @param {string} zone */
export function isLate(todo, now, zone) {
  const due = seen(todo, zone);
  return todo.status === "open" && due !== null && isOverdue(due, now);
}

/** @param {Todo[]} open @param {Data} data @returns {Section[]} */
function upcomingSections(open, { now, zone }) {
  const order = sorter("due", zone);
  const ahead = open.filter((todo) => (seen(todo, zone)?.on ?? "") >= now.on).sort(order);
  return byDay(ahead, (todo) => seen(todo, zone)?.on ?? "", "day");
}

/** @param {Todo[]} alive @param {string} zone @returns {Section[]} */
function finishedSections(alive, zone) {
  const done = alive.filter((todo) => todo.status === "finished").sort(sorter("finished", zone));
  return byDay(done, (todo) => local(Date.parse(todo.finished_at ?? ""), zone).on, "finished");
}

/**
 * @param {Todo[]} sorted
 * @param {(todo: Todo) => string} day
 * @param {"day" | "finished"} kind
 */
function byDay(sorted, day, kind) {
  /** @type {Map<string, Section>} */
  const days = new Map();
  for (const todo of sorted) {
    const on = day(todo);
    const section = days.get(on);
    if (section) section.todos.push(todo);
    else days.set(on, { kind, day: on, todos: [todo] });
  }
  return [...days.values()];
}

/**
 * How many open to-dos each place has.
 * @param {Data} data
 */
export function counts({ todos, lists, now, zone }) {
  const byId = new Map(lists.map((list) => [list.id, list]));
  /** @type {Record<string, number>} */
  const inLists = {};
  /** @type {Map<string, {name: string, count: number}>} */
  const tags = new Map();
  /** @type {Record<string, number>} */
  const days = {};
  let due = 0;
  for (const todo of todos) {
    if (todo.deleted_at || todo.status !== "open") continue;
    const home = homeOf(todo, byId);
    if (home) inLists[home.id] = (inLists[home.id] ?? 0) + 1;
    for (const name of todo.tags) {
      const known = tags.get(fold(name));
      tags.set(fold(name), { name: known?.name ?? name, count: (known?.count ?? 0) + 1 });
    }
    const on = seen(todo, zone)?.on;
    if (!on) continue;
    days[on] = (days[on] ?? 0) + 1;
    if (isForToday(todo, now, zone)) due++;
  }
  const named = [...tags.values()].sort((a, b) => a.name.localeCompare(b.name));
  return { lists: inLists, tags: named, today: due, days };
}

/** The days in the strip above the upcoming to-dos. @param {string} today */
export const week = (today) => Array.from({ length: 7 }, (_, index) => plus(today, index));

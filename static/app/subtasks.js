// Subtasks, and the changes that follow from a deed. The server does the same (docs/api.md,
// Subtasks), so these changes are not sent.
import { byPlace } from "#app/order.js";

/** @typedef {import("#app/model.js").Todo} Todo */
/** @typedef {import("#app/model.js").Deed} Deed */
/** @typedef {Map<string, Todo>} Todos by id */
/** @typedef {Map<string, Todo[]>} Family the id of a parent -> its direct subtasks, in order */

export const LEVELS = 3; // including the top level

/** @param {Iterable<Todo>} todos @returns {Family} */
export function family(todos) {
  /** @type {Family} */
  const found = new Map();
  for (const todo of todos) {
    if (!todo.parent) continue;
    const some = found.get(todo.parent);
    if (some) some.push(todo);
    else found.set(todo.parent, [todo]);
  }
  for (const some of found.values()) some.sort(byPlace);
  return found;
}

/** All subtasks below it, each after its parent. @param {string} id @param {Family} kin @returns {Todo[]} */
export function below(id, kin, levels = LEVELS) {
  if (!levels) return [];
  return (kin.get(id) ?? []).flatMap((todo) => [todo, ...below(todo.id, kin, levels - 1)]);
}

/** The parents, nearest first. @param {{parent?: string | null}} todo @param {Todos} todos @returns {Todo[]} */
export function above({ parent }, todos) {
  /** @type {Todo[]} */
  const found = [];
  let next = parent ? todos.get(parent) : undefined;
  while (next && !next.deleted_at && found.length < LEVELS) {
    found.push(next);
    next = next.parent ? todos.get(next.parent) : undefined;
  }
  return found;
}

/** The number of levels from the to-do down. @param {string} id @param {Family} kin @returns {number} */
export function height(id, kin, levels = LEVELS) {
  const some = levels ? (kin.get(id) ?? []).filter((todo) => !todo.deleted_at) : [];
  return 1 + Math.max(0, ...some.map((todo) => height(todo.id, kin, levels - 1)));
}

/** Whether a to-do may become a subtask of another one. @param {string} id @param {Todo} parent @param {Todos} todos @param {Family} kin */
export function mayStand(id, parent, todos, kin) {
  const line = [parent, ...above(parent, todos)];
  return !line.some((todo) => todo.id === id) && line.length + height(id, kin) <= LEVELS;
}

/** The numbers of finished and of all direct subtasks. @param {string} id @param {Family} kin */
export function progress(id, kin) {
  const some = (kin.get(id) ?? []).filter((todo) => !todo.deleted_at);
  return { done: some.filter((todo) => todo.status === "finished").length, all: some.length };
}

/**
 * The deeds that the server adds to this one, if the to-do was `before`.
 * @param {Deed} deed
 * @param {Todo | undefined} before
 * @param {Todos} todos
 * @returns {Deed[]}
 */
export function along({ id, op, fields = {} }, before, todos) {
  const kin = family(todos.values());
  const parts = below(id, kin);
  /** @type {(some: Todo[], op: Deed["op"], fields?: import("#app/model.js").Fields) => Deed[]} */
  const each = (some, verb, more) =>
    some.map((todo) => ({
      kind: "todo",
      id: todo.id,
      op: verb,
      ...(more ? { fields: more } : {}),
    }));
  const alive = parts.filter((todo) => !todo.deleted_at);
  switch (op) {
    case "finish":
      return each(
        alive.filter((todo) => todo.status === "open"),
        "finish",
      );
    case "reopen":
      return each(
        [
          ...alive.filter((todo) => isAlong(todo.finished_at, before?.finished_at)),
          ...finishedAbove(before, todos),
        ],
        "reopen",
      );
    case "trash":
      return each(alive, "trash");
    case "restore":
      return each(
        parts.filter((todo) => isAlong(todo.deleted_at, before?.deleted_at)),
        "restore",
      );
    case "purge":
      return each(
        parts.filter((todo) => isAlong(todo.deleted_at, before?.deleted_at)),
        "purge",
      );
    default:
      return [
        ...each(before?.status === "finished" ? [] : finishedAbove(fields, todos), "reopen"),
        ...("list" in fields ? each(parts, "move", { list: fields.list }) : []),
      ];
  }
}

/** Whether one act changed both: then the moments are equal. @param {string | null} moment @param {string | null | undefined} other */
const isAlong = (moment, other) => moment !== null && moment === other;

/** @param {{parent?: string | null} | undefined} todo @param {Todos} todos */
export const finishedAbove = (todo, todos) =>
  above(todo ?? {}, todos).filter(({ status }) => status === "finished");

/**
 * The to-dos, each followed by its subtasks, and the depth of each. A to-do whose parent is not
 * among
 * them is at the top.
 * @param {Todo[]} sorted
 * @param {ReadonlySet<string>} folded those of which nothing below is shown
 */
export function tree(sorted, folded) {
  const known = new Set(sorted.map(({ id }) => id));
  const kin = family(sorted);
  /** @type {Map<string, number>} */
  const levels = new Map();
  /** @type {Todo[]} */
  const todos = [];
  /** @param {Todo} todo @param {number} level */
  const visit = (todo, level) => {
    todos.push(todo);
    levels.set(todo.id, level);
    if (level >= LEVELS || folded.has(todo.id)) return;
    for (const child of kin.get(todo.id) ?? []) visit(child, level + 1);
  };
  for (const todo of sorted) if (!todo.parent || !known.has(todo.parent)) visit(todo, 0);
  return { todos, levels };
}

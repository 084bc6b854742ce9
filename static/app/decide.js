// Applies the user's decision about a change that the server has refused.

import { uuid } from "#app/ids.js";
import { applied } from "#app/model.js";
import { undisputed } from "#app/settle.js";
import { store } from "#app/state.js";
import { commit } from "#app/undo.js";

/** @typedef {import("#app/settle.js").Problem} Problem */

/** Keeps the version of this device. @param {Problem} problem */
export function keepMine(problem) {
  const { what, operation, mine, theirs } = problem;
  const { kind, id, op, fields = {} } = operation;
  if (what === "deleted" && !theirs) {
    // The server ignores what only it may say, such as `created_at`.
    const { id: _id, version: _version, ...content } = { ...applied(mine, operation) };
    commit([{ kind, id: uuid(), op: "create", fields: content }]);
  } else if (what === "deleted") {
    commit([{ kind, id, op: "restore" }]);
    commit([{ kind, id, op: "update", fields }]);
  } else commit([{ kind, id, op, fields }]);
  store.peek()?.forget(problem.op_id);
}

/** Takes the version of others, with the changes of this device that do not conflict. @param {Problem} problem */
export function takeTheirs(problem) {
  const { kind, id } = problem.operation;
  const rest = problem.what === "conflict" ? undisputed(problem) : {};
  if (Object.keys(rest).length) commit([{ kind, id, op: "update", fields: rest }]);
  store.peek()?.forget(problem.op_id);
}

// Applies the server's result of an operation to the local copy.

import { uuid } from "#app/ids.js";

/** @typedef {import("#app/model.js").Operation} Operation */
/** @typedef {import("#app/model.js").Content} Content */

/**
 * @typedef {object} Result
 * @property {string} op_id
 * @property {string} [id]
 * @property {"applied" | "merged" | "replayed" | "conflict" | "deleted" | "refused" | "invalid"} status
 * @property {string} [code]
 * @property {number} [version]
 * @property {string[]} [conflicting]
 * @property {{code: string, detail: string, attr: string | null}[]} [errors]
 */

/**
 * A decision for the user: `mine` is the object as it was on this device.
 * @typedef {object} Problem
 * @property {string} op_id
 * @property {"conflict" | "deleted" | "refused" | "invalid"} what
 * @property {string} code
 * @property {Operation} operation
 * @property {string[]} conflicting
 * @property {string} detail
 * @property {Content | undefined} mine
 * @property {Content | undefined} theirs
 */

/**
 * @typedef {object} Outcome
 * @property {string} id of the object
 * @property {Content | undefined} [base] the object as the server has it now
 * @property {boolean} known whether `base` says how it is; undefined means that it has gone
 * @property {Problem} [problem]
 * @property {Operation} [again] to be sent instead
 */

const QUIET = new Set(["not_found", "unknown_operation", "already_exists", "inbox"]);

/**
 * @param {Operation} operation
 * @param {Result & Record<string, any>} result
 * @param {Content | undefined} mine
 * @returns {Outcome}
 */
export function outcome(operation, result, mine) {
  const { kind, op } = operation;
  /** @type {Content | undefined} */
  const base = result[kind];
  const id = result.id ?? operation.id;
  const done = ["applied", "merged", "replayed"].includes(result.status);
  const gone = op === "purge" ? done : result.status === "deleted";
  const said = { id, base, known: Boolean(base) || gone };
  if (done || isMoot(operation, result)) return said;
  if (result.code === "unknown_operation" && base)
    return { ...said, again: renewed(operation, base) };
  if (result.status === "refused" && QUIET.has(result.code ?? "")) return said;
  return { ...said, problem: problem(operation, result, mine, base) };
}

/** Whether the operation changes nothing any more, or is too minor to ask the user.
 * @param {Operation} operation
 * @param {Result} result
 */
function isMoot({ op }, { status }) {
  return status === "deleted" && op !== "update" && op !== "create";
}

/** @param {Operation} operation @param {Content} base */
function renewed(operation, base) {
  const { after: _after, seq: _seq, ...rest } = operation;
  return { ...rest, op_id: uuid(), base_version: base.version };
}

/**
 * @param {Operation} operation
 * @param {Result} result
 * @param {Content | undefined} mine
 * @param {Content | undefined} theirs
 * @returns {Problem}
 */
function problem(operation, result, mine, theirs) {
  return {
    op_id: operation.op_id,
    what: /** @type {Problem["what"]} */ (result.status),
    code: result.code ?? "",
    operation,
    conflicting: result.conflicting ?? [],
    detail: (result.errors ?? []).map((error) => error.detail).join(" "),
    mine,
    theirs,
  };
}

/**
 * The members of a refused operation without a conflict.
 * @param {Problem} problem
 */
export function undisputed({ operation, conflicting }) {
  const fields = Object.entries(operation.fields ?? {});
  return Object.fromEntries(fields.filter(([name]) => !conflicting.includes(name)));
}

// Objects: the state from the server, with the local operations applied to it.

/**
 * @typedef {object} Todo
 * @property {string} id
 * @property {string} list
 * @property {string | null} [parent] what it stands below
 * @property {string} title
 * @property {string} notes
 * @property {"open" | "finished"} status
 * @property {number} priority
 * @property {import("#app/days.js").Due | null} due
 * @property {string | null} [start_on]
 * @property {string | null} recurrence
 * @property {"due" | "completion"} recurrence_from
 * @property {string[]} tags
 * @property {Reminder[]} [reminders]
 * @property {string} position
 * @property {string} created_at
 * @property {string} updated_at
 * @property {string | null} finished_at
 * @property {string | null} deleted_at
 * @property {number} version
 */

/**
 * @typedef {object} List
 * @property {string} id
 * @property {string} name
 * @property {string} color
 * @property {string} position
 * @property {boolean} is_inbox
 * @property {string | null} archived_at
 * @property {number} version
 */

/** @typedef {{id: string, remind_at: string | null, minutes_before: number | null, channel: string}} Reminder */
/** @typedef {{id: string, name: string, color?: string, version: number}} Tag */
/** @typedef {{id: string, name: string, query: string, color: string, position: string, version: number}} Filter */
/** @typedef {{id: string, email: string, name: string, time_zone: string, language: string, version: number}} Profile */
/** @typedef {"todo" | "list" | "tag" | "filter" | "profile"} Kind */
/** @typedef {Record<string, any>} Fields */
/** @typedef {{id: string, version: number} & Fields} Content */

/**
 * A change of one object by the user. `after` and `base_version` are set when it is stored.
 * @typedef {object} Operation
 * @property {string} op_id
 * @property {Kind} kind
 * @property {string} id
 * @property {"create" | "update" | "move" | "finish" | "reopen" | "trash" | "restore" | "purge"} op
 * @property {string} at
 * @property {Fields} [fields]
 * @property {string} [after]
 * @property {number} [base_version]
 * @property {number} [seq]
 * @property {string} [echo_of] it goes along with this operation by the server, and is not sent
 */

/** @typedef {Omit<Operation, "op_id" | "at">} Deed */

/** @type {Partial<Record<Kind, Fields>>} */
const NEW = {
  todo: {
    parent: null,
    title: "",
    notes: "",
    status: "open",
    priority: 0,
    due: null,
    start_on: null,
    recurrence: null,
    recurrence_from: "due",
    tags: [],
    reminders: [],
    finished_at: null,
    deleted_at: null,
  },
  tag: { color: "" },
  filter: { color: "" },
  list: { color: "", is_inbox: false, archived_at: null },
};

/** @param {Kind} kind @param {string} id */
export const keyOf = (kind, id) => `${kind}:${id}`;

/**
 * The object after an operation, as a new object; undefined if it is deleted.
 * @param {Content | undefined} object
 * @param {Operation} operation
 * @returns {Content | undefined}
 */
export function applied(object, operation) {
  const { op, at, fields = {} } = operation;
  if (op === "create") {
    const made = { ...NEW[operation.kind], created_at: at, updated_at: at, version: 0 };
    return { ...made, ...fields, id: operation.id };
  }
  if (!object || op === "purge") return undefined;
  switch (op) {
    case "finish":
      return { ...object, status: "finished", finished_at: at };
    case "reopen":
      return { ...object, status: "open", finished_at: null };
    case "trash":
      return { ...object, deleted_at: at };
    case "restore":
      return { ...object, deleted_at: null };
    default:
      return changed(object, fields, at);
  }
}

/**
 * @param {Content} object
 * @param {Fields} fields
 * @param {string} at
 * @returns {Content}
 */
function changed(object, fields, at) {
  const { tags_added: added = [], tags_removed: removed = [], ...plain } = fields;
  /** @type {Content} */
  const after = { ...object, ...plain, updated_at: at };
  if (added.length || removed.length) {
    const kept = after.tags.filter((/** @type {string} */ name) => !removed.includes(name));
    after.tags = [...new Set([...kept, ...added])].sort();
  }
  return after;
}

/**
 * @param {Content | undefined} base
 * @param {Operation[]} operations
 */
export function replayed(base, operations) {
  return operations.reduce(applied, base);
}

/**
 * The inverse of the deed; undefined if there is none.
 * @param {Content | undefined} before
 * @param {Deed} deed
 * @returns {Deed | undefined}
 */
export function inverse(before, { kind, id, op, fields = {} }) {
  switch (op) {
    case "create":
      return kind === "todo" ? { kind, id, op: "trash" } : { kind, id, op: "purge" };
    case "finish":
      return { kind, id, op: "reopen" };
    case "reopen":
      return { kind, id, op: "finish" };
    case "trash":
      return { kind, id, op: "restore" };
    case "restore":
      return { kind, id, op: "trash" };
    case "update":
    case "move":
      return before && { kind, id, op, fields: former(before, fields) };
    default:
      return undefined;
  }
}

/**
 * @param {Content} before
 * @param {Fields} fields
 */
function former(before, fields) {
  /** @type {Fields} */
  const values = {};
  for (const name of Object.keys(fields)) {
    if (name === "tags_added") {
      const fresh = fields[name].filter((/** @type {string} */ tag) => !before.tags.includes(tag));
      if (fresh.length) values.tags_removed = fresh;
    } else if (name === "tags_removed") {
      const had = fields[name].filter((/** @type {string} */ tag) => before.tags.includes(tag));
      if (had.length) values.tags_added = had;
    } else values[name] = before[name];
  }
  return values;
}

/**
 * Whether a deed changes anything.
 * @param {Content | undefined} before
 * @param {Deed} deed
 */
export function matters(before, { op, fields = {} }) {
  if (op === "create" || op === "purge") return true;
  if (!before) return false;
  const did = { finish: ["status", "finished"], reopen: ["status", "open"] };
  if (op === "finish" || op === "reopen") return before.status !== did[op][1];
  if (op === "trash" || op === "restore") return (before.deleted_at === null) === (op === "trash");
  return Object.entries(fields).some(([name, value]) =>
    name.startsWith("tags_")
      ? value.length
      : JSON.stringify(before[name]) !== JSON.stringify(value),
  );
}

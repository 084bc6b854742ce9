// The route in the URL's fragment: a view, and perhaps an open to-do.

/** @typedef {{view: string, of: string, todo: string, query: string, add: boolean}} Route */

export const VIEWS = [
  "inbox",
  "today",
  "upcoming",
  "list",
  "tag",
  "filter",
  "search",
  "finished",
  "trash",
];

/**
 * @param {string} hash
 * @returns {Route}
 */
export function read(hash) {
  const [path = "", search = ""] = hash.replace(/^#?\/?/, "").split("?");
  const [view = "", ...rest] = path.split("/");
  const parameters = new URLSearchParams(search);
  const of = decoded(rest.join("/"));
  const common = {
    todo: parameters.get("todo") ?? "",
    query: parameters.get("q") ?? "",
    add: parameters.has("add"),
  };
  if (view === "todo") return { ...common, view: "todo", of: "", todo: of };
  return { ...common, view: VIEWS.includes(view) ? view : "today", of };
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {Partial<Route> & {view: string}} route */
export function write({ view, of = "", todo = "", query = "" }) {
  const search = new URLSearchParams();
  if (query) search.set("q", query);
  if (todo) search.set("todo", todo);
  const tail = search.size ? `?${search}` : "";
  return `#/${view}${of ? `/${encodeURIComponent(of)}` : ""}${tail}`;
}

// Tags that were renamed or deleted here, until the server has updated their to-dos.

/** @typedef {import("#app/model.js").Content} Content */

export class Renames {
  constructor() {
    /** @type {Map<string, {from: string, to: string | undefined}>} */
    this.byTag = new Map();
    /** @type {Map<string, string | undefined>} */
    this.byName = new Map();
  }

  /**
   * The name of a tag on the server, and its local name; undefined for a missing tag.
   * @param {string} id
   * @param {string | undefined} from
   * @param {string | undefined} to
   * @returns {string[]} the names of which to-dos must be shown anew
   */
  note(id, from, to) {
    const before = this.byTag.get(id);
    const differs = from !== undefined && from !== to;
    if (before ? differs && before.from === from && before.to === to : !differs) return [];
    if (differs) this.byTag.set(id, { from, to });
    else this.byTag.delete(id);
    this.byName = new Map([...this.byTag.values()].map((one) => [one.from, one.to]));
    return [before?.from, differs ? from : undefined].filter((name) => name !== undefined);
  }

  /** @param {Content} todo @returns {Content} */
  applied(todo) {
    if (!this.byName.size || !todo.tags.some((/** @type {string} */ tag) => this.byName.has(tag)))
      return todo;
    const tags = todo.tags.map((/** @type {string} */ tag) =>
      this.byName.has(tag) ? this.byName.get(tag) : tag,
    );
    return { ...todo, tags: [...new Set(tags.filter((/** @type {any} */ tag) => tag))].sort() };
  }
}

// A client of /api/v1/sync/ that works offline: what one account has on one device.
const DONE = ["applied", "merged", "replayed"];
const KEPT = 30 * 86400000; // what was done is sent again to a database that was restored
const NEW = { objects: {}, stale: {}, queue: [], done: [], refused: [] };
const now = () => new Date().toISOString();

export class Device {
  /** `save(state)` keeps a plain object (in IndexedDB, say); `saved` is what it kept last. */
  constructor(url, token, saved, save) {
    Object.assign(this, { url: `${url}/api/v1/sync/`, token, save, most: 100 });
    this.state = saved ?? structuredClone(NEW);
  }

  /** Queue an operation with its `fields` and `clear`; it needs no network. */
  async do(kind, op, key = crypto.randomUUID(), more = {}) {
    const sent = { op_id: crypto.randomUUID(), kind, id: key, op, at: now(), ...more };
    const before = this.state.queue.findLast((it) => it.id === key);
    if (before) sent.after = before.op_id;
    else if (op !== "create") sent.base_version = this.state.objects[key].version;
    this.state.queue.push(sent);
    await this.save(this.state);
    return key;
  }

  /** Push and pull until nothing is left; `state.refused` is for the person to see. */
  async sync() {
    for (let more = true; more; await this.save(this.state)) {
      const { account, cursor } = this.state;
      const sent = account ? this.state.queue.slice(0, this.most) : [];
      const answer = await this.#ask(account && { account, cursor, operations: sent });
      if (answer.ok) {
        const page = await answer.json();
        this.#take(sent, page);
        more = page.has_more || this.state.queue.length > 0;
      } else if (answer.status === 410) this.#beginAnew();
      else if (answer.status === 413 && sent.length > 1) this.most = sent.length >> 1;
      else throw new Error(`${answer.status} ${await answer.text()}`);
      // 401: log in again; 409 `other_account`: that person needs another Device
    }
  }

  /** Again and again: what arrives twice is done once. */
  async #ask(body) {
    const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json" };
    for (let attempt = 0; attempt < 8; attempt += 1) {
      let wait = 2 ** attempt;
      const data = body && { method: "POST", body: JSON.stringify({ ...body, sent_at: now() }) };
      try {
        const signal = AbortSignal.timeout(60000);
        const answer = await fetch(this.url, { headers, signal, ...data });
        if (answer.status !== 429 && answer.status < 500) return answer;
        wait = Number(answer.headers.get("Retry-After") ?? wait);
      } catch {} // no network, or a lost answer
      await new Promise((resume) => setTimeout(resume, wait * 1000 * (1 + Math.random() / 2)));
    }
    throw new Error("The server cannot be reached. What is queued stays queued.");
  }

  #take(sent, { account, cursor, has_more, changes, results = [] }) {
    const { state } = this;
    results.forEach((result, number) => {
      const list = DONE.includes(result.status) ? state.done : state.refused;
      list.push({ sent: sent[number], result });
      const same = state.queue.filter((it) => it.id === sent[number].id);
      for (const it of same) it.id = result.id ?? it.id; // of a tag whose name was there already
    });
    for (const told of [...results, ...changes]) this.#keep(told);
    state.queue = state.queue.slice(sent.length);
    state.done = state.done.filter((it) => Date.parse(it.sent.at) > Date.now() - KEPT);
    if (!has_more) for (const key of Object.keys(state.stale)) delete state.objects[key];
    Object.assign(state, { account, cursor, stale: has_more ? state.stale : {} });
  }

  /** As `{ kind, version, todo: {...} }`, unless a later version is held. */
  #keep(told) {
    const { objects, stale } = this.state;
    const isOld = !(told.id in stale) && objects[told.id]?.version > told.version;
    if (told.op === "purge") delete objects[told.id];
    else if (told.kind in told && !isOld) {
      objects[told.id] = told;
      delete stale[told.id];
    }
  }

  /** The database was restored: send again what it said was done, and read all of it. */
  #beginAnew() {
    const { state } = this;
    delete state.cursor;
    const again = state.done.map((it) => it.sent);
    Object.assign(state, { queue: [...again, ...state.queue], done: [] });
    state.stale = Object.fromEntries(Object.keys(state.objects).map((key) => [key, true]));
  }
}

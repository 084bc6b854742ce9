// A line in which what a person does waits for what it needs, and from which it goes in its order.

/** @template T */
export class Line {
  /**
   * @param {(it: T) => unknown} play does one of them; a promise is waited for
   * @param {() => Promise<unknown>} pause what lies between two of them, so that the first is done
   */
  constructor(play, pause) {
    this.play = play;
    this.pause = pause;
    this.waits = 0;
    this.plays = false;
    /** @type {T[]} */
    this.held = [];
    /** @type {(holds: boolean) => void} */
    this.onchange = () => {};
    /** One of them cannot be done. */
    this.onloss = () => {};
  }

  /** Whether what comes now has to wait. */
  get holds() {
    return this.waits > 0 || this.plays;
  }

  /**
   * Whatever comes waits until this is here. If it does not come, what has come since goes: it was
   * meant for something else than what is there.
   * @param {Promise<boolean>} coming whether it is here
   * @returns {Promise<T[]>} what went
   */
  async until(coming) {
    this.waits++;
    this.onchange(true);
    const is = await coming.catch(reported);
    const gone = is ? [] : this.held.splice(0);
    this.waits--;
    void this.goOn();
    return gone;
  }

  async goOn() {
    if (this.plays) return;
    this.plays = true;
    while (this.held.length && !this.waits) {
      await this.one(/** @type {T} */ (this.held.shift()));
      await this.pause();
    }
    this.plays = false;
    this.onchange(this.holds);
  }

  /** A fault of one does not keep the others. @param {T} it */
  async one(it) {
    try {
      await this.play(it);
    } catch (error) {
      reportError(error);
    }
  }
}

/** @param {unknown} error */
function reported(error) {
  reportError(error);
  return false;
}

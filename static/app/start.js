// Opens and closes the data of the logged-in account.
import { batch } from "@preact/signals";
import * as session from "#app/session.js";
import * as state from "#app/state.js";
import { Store } from "#app/store.js";
import { Sync } from "#app/sync.js";
import { gettext } from "#app/text.js";
import { done, undone } from "#app/undo.js";

/** @param {string} account */
async function open(account) {
  if (state.store.value?.account === account) return;
  shut();
  const store = await new Store(account).open();
  const sync = new Sync(store, { ask: session.ask, whoIs: session.whoIs, onOtherAccount: begin });
  batch(() => {
    state.store.value = store;
    state.sync.value = sync;
    state.start.value = "ready";
  });
}

/** Hides all data of the account. */
function shut() {
  state.sync.value?.stop();
  void state.store.value?.close();
  batch(() => {
    state.sync.value = undefined;
    state.store.value = undefined;
    state.start.value = "starting";
    state.selection.value = new Set();
    state.toast.value = undefined;
    state.dialog.value = "";
    done.value = [];
    undone.value = [];
  });
}

/** Shows the local data of the last account, then checks who is logged in. */
export async function begin() {
  const known = session.remembered();
  if (known) await open(known);
  try {
    const account = await session.whoIs();
    session.remember(account);
    await open(account);
    await state.sync.value?.run();
  } catch (error) {
    const { status } = /** @type {session.Trouble} */ (error);
    if (state.store.value) state.sync.value?.fail(/** @type {session.Trouble} */ (error));
    else if (status === 401) session.toLogIn();
    else state.start.value = "away";
  }
}

export function retry() {
  if (!state.store.value) return void begin();
  void state.store.value.save();
  if (state.sync.value?.standing.value === "logged_out")
    return void session.whoIs().then(begin, () => undefined);
  state.sync.value?.retry();
}

/** Asks first if there are unsent changes. */
export function logOutAsked() {
  if (state.store.value?.waiting.value.count) state.dialog.value = "log-out";
  else logOutNow();
}

export async function logOutNow() {
  const { store, sync } = state;
  try {
    await session.whoIs();
    await session.logOut();
  } catch (error) {
    if (/** @type {session.Trouble} */ (error).status !== 401) {
      state.toast.value = {
        text: gettext("You cannot log out without a network."),
        title: "",
        undo: false,
      };
      return begin();
    }
  }
  sync.value?.stop();
  session.remember("");
  // The response (Clear-Site-Data) may have already deleted the database.
  await store.value?.erase().catch(() => undefined);
  location.assign(document.documentElement.dataset.base ?? "/");
}

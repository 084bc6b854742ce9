// Questions and settings that stand before everything else.
import { useEffect, useRef } from "preact/hooks";
import { changeList, keepMine, purge, removeList, takeTheirs } from "#app/actions.js";
import { asSeen, time } from "#app/days.js";
import { KEYS } from "#app/keys.js";
import { logOutNow } from "#app/start.js";
import * as state from "#app/state.js";
import { gettext, language, ngettext } from "#app/text.js";
import { html, Icon } from "#app/views/html.js";
import { dayWords, PRIORITIES } from "#app/views/row.js";

/** @typedef {import("#app/settle.js").Problem} Problem */

const close = () => {
  state.dialog.value = "";
};

/** @param {{title: string, children: any}} props */
function Dialog({ title, children }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return html`<dialog ref=${box} aria-labelledby="dialog-title" onClose=${close} onClick=${(/** @type {Event} */ event) => event.target === box.current && close()}>
    <div class="dialog">
      <header><h2 id="dialog-title">${title}</h2><button class="ghost" aria-label=${gettext("Close")} onClick=${close}><${Icon} name="close" /></button></header>
      ${children}
    </div>
  </dialog>`;
}

/** @param {{label: string, danger?: boolean, quiet?: boolean, act: () => void}} props */
function Answer({ label, danger, quiet, act }) {
  const kinds = ["button", quiet && "quiet", danger && "danger"].filter(Boolean).join(" ");
  return html`<button class=${kinds} onClick=${() => {
    close();
    act();
  }}>${label}</button>`;
}

const nothing = () => undefined;

function Help() {
  const on = state.shortcuts.value.value === "on";
  return html`<${Dialog} title=${gettext("Keyboard")}>
    <label class="switch"><input type="checkbox" checked=${on} onChange=${() => state.shortcuts.set(on ? "off" : "on")} />${gettext("Single keys act (never while you type)")}</label>
    <dl class="keys">${KEYS().map(([keys, what]) => html`<div key=${keys}><dt>${keys.split(" ").map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>
  <//>`;
}

function Appearance() {
  const names = {
    system: gettext("As the system"),
    light: gettext("Light"),
    dark: gettext("Dark"),
  };
  return html`<${Dialog} title=${gettext("Appearance")}>
    <fieldset><legend class="only-heard">${gettext("Appearance")}</legend>
      ${Object.entries(names).map(([value, name]) => html`<label key=${value} class="switch"><input type="radio" name="appearance" value=${value} checked=${state.appearance.value.value === value} onChange=${() => state.appearance.set(value)} />${name}</label>`)}
    </fieldset>
  <//>`;
}

function LogOut() {
  const { count } = state.store.value?.waiting.value ?? { count: 0 };
  useEffect(() => {
    if (!count) void logOutNow(); // meanwhile all has been sent
  }, [count]);
  return html`<${Dialog} title=${gettext("Log out?")}>
    <p>${ngettext("{count} change has not reached the server. If you log out now, it is lost.", "{count} changes have not reached the server. If you log out now, they are lost.", count)}</p>
    <p class="answers"><${Answer} label=${gettext("Stay logged in")} act=${nothing} /><${Answer} quiet danger label=${gettext("Log out and lose them")} act=${logOutNow} /></p>
  <//>`;
}

function EmptyTrash() {
  const gone = state.all("todo").filter((todo) => todo.deleted_at);
  const ids = gone.map(({ id }) => id);
  return html`<${Dialog} title=${gettext("Empty the trash?")}>
    <p>${ngettext("{count} to-do will be deleted for good.", "{count} to-dos will be deleted for good.", ids.length)}</p>
    <p class="answers"><${Answer} danger label=${gettext("Delete for good")} act=${() => purge(ids)} /><${Answer} quiet label=${gettext("Cancel")} act=${nothing} /></p>
  <//>`;
}

function RemoveList() {
  const { of } = state.route.value;
  const list = state.store.value?.get("list", of);
  /** @param {boolean} trashes */
  const remove = (trashes) => () => {
    state.go({ view: "inbox" });
    removeList(of, trashes);
  };
  return html`<${Dialog} title=${gettext("Delete this list?")}>
    <p><bdi>${list?.name}</bdi></p><p>${gettext("This cannot be undone. What becomes of its to-dos?")}</p>
    <p class="answers"><${Answer} label=${gettext("Move them to the inbox")} act=${remove(false)} /><${Answer} danger label=${gettext("Move them to the trash")} act=${remove(true)} /><${Answer} quiet label=${gettext("Cancel")} act=${nothing} /></p>
  <//>`;
}

const COLORS = [
  "#0b6e62",
  "#b4541f",
  "#5a55b8",
  "#2b5fa8",
  "#ad2318",
  "#8a5a00",
  "#7d3c78",
  "#4c6b1f",
];

function ChangeList() {
  const { of } = state.route.value;
  const list = state.store.value?.get("list", of);
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const name = String(form.get("name")).trim();
    if (name) changeList(of, { name, color: String(form.get("color") ?? "") });
    close();
  };
  return html`<${Dialog} title=${gettext("Change this list")}>
    <form class="list-form" onSubmit=${submit}>
      <label>${gettext("Name")}<input name="name" dir="auto" required maxlength="128" value=${list?.name} /></label>
      <fieldset class="colors"><legend>${gettext("Colour")}</legend>
        ${["", ...COLORS].map((color, index) => html`<label key=${color}><input type="radio" name="color" value=${color} defaultChecked=${(list?.color || "") === color} aria-label=${color ? gettext("Colour {number}", { number: index }) : gettext("No colour")} /><span class="dot" style=${{ "--c": color || "var(--edge)" }}></span></label>`)}
      </fieldset>
      <p class="answers"><button class="button">${gettext("Save")}</button></p>
    </form>
  <//>`;
}

/** A value in words. @param {string} member @param {any} value */
function words(member, value) {
  if (value === null || value === undefined || value === "" || value?.length === 0)
    return gettext("nothing");
  if (member === "priority") return PRIORITIES()[value] ?? String(value);
  if (member === "list")
    return state.store.value?.get("list", value)?.name ?? gettext("another list");
  if (member === "tags") return value.map((/** @type {string} */ name) => `#${name}`).join(" ");
  if (member === "due") {
    const due = asSeen(value, state.zone.value);
    return [dayWords(due.on, state.today.value), due.at ? time(due.at, language()) : ""]
      .filter(Boolean)
      .join(" ");
  }
  return String(value);
}

const MEMBERS = () =>
  /** @type {Record<string, string>} */ ({
    title: gettext("Title"),
    notes: gettext("Notes"),
    due: gettext("Due"),
    priority: gettext("Priority"),
    list: gettext("List"),
    tags: gettext("Tags"),
    name: gettext("Name"),
    color: gettext("Colour"),
  });

/** @param {{problem: Problem}} props */
function Conflict({ problem }) {
  const { operation, conflicting, theirs, mine } = problem;
  const fields = operation.fields ?? {};
  const some = conflicting.filter((member) => member in fields);
  const title = theirs?.title ?? theirs?.name ?? mine?.title ?? "";
  return html`<li>
    <p class="what"><bdi>${title}</bdi></p>
    <p>${gettext("This was changed here and on another device.")}</p>
    ${some.map(
      (
        member,
      ) => html`<table key=${member}><caption class="only-heard">${MEMBERS()[member] ?? member}</caption><tbody>
      <tr><th scope="row">${gettext("{member} here", { member: MEMBERS()[member] ?? member })}</th><td dir="auto">${words(member, fields[member])}</td></tr>
      <tr><th scope="row">${gettext("{member} there", { member: MEMBERS()[member] ?? member })}</th><td dir="auto">${words(member, theirs?.[member])}</td></tr>
    </tbody></table>`,
    )}
    <p class="answers"><button class="button" onClick=${() => keepMine(problem)}>${gettext("Keep mine")}</button><button class="button quiet" onClick=${() => takeTheirs(problem)}>${gettext("Take theirs")}</button></p>
  </li>`;
}

const REASONS = () =>
  /** @type {Record<string, string>} */ ({
    quota_reached: gettext("Your account is full. Delete something for good, then try again."),
  });

/** @param {{problem: Problem}} props */
function Refused({ problem }) {
  const { what, operation, mine, code, detail } = problem;
  const reason =
    what === "deleted"
      ? gettext("You changed this, but it was deleted on another device.")
      : REASONS()[code] || detail || gettext("The server did not accept this change.");
  const fields = Object.entries(operation.fields ?? {}).filter(([name]) => MEMBERS()[name]);
  return html`<li>
    <p class="what"><bdi>${mine?.title ?? mine?.name ?? operation.fields?.title ?? ""}</bdi></p>
    <p>${reason}</p>
    <table><tbody>${fields.map(([name, value]) => html`<tr key=${name}><th scope="row">${MEMBERS()[name]}</th><td dir="auto">${words(name, value)}</td></tr>`)}</tbody></table>
    <p class="answers"><button class="button" onClick=${() => keepMine(problem)}>${what === "deleted" ? gettext("Bring it back with my change") : gettext("Try again")}</button><button class="button quiet" onClick=${() => takeTheirs(problem)}>${what === "deleted" ? gettext("Leave it deleted") : gettext("Discard my change")}</button></p>
  </li>`;
}

function Problems() {
  const some = state.store.value?.problems.value ?? [];
  useEffect(() => {
    if (!some.length) close();
  }, [some.length]);
  return html`<${Dialog} title=${gettext("What should hold?")}>
    <ol class="problems">${some.map((problem) => html`<${problem.what === "conflict" ? Conflict : Refused} key=${problem.op_id} problem=${problem} />`)}</ol>
  <//>`;
}

const DIALOGS = /** @type {Record<string, any>} */ ({
  help: Help,
  appearance: Appearance,
  "log-out": LogOut,
  "empty-trash": EmptyTrash,
  "remove-list": RemoveList,
  list: ChangeList,
  problems: Problems,
});

export function Dialogs() {
  const found = DIALOGS[state.dialog.value];
  return found ? html`<${found} key=${state.dialog.value} />` : null;
}

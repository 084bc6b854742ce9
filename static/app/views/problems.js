// Conflicts for the user to decide: both versions, and a choice.
import { useEffect } from "preact/hooks";
import { asSeen, time } from "#app/days.js";
import { keepMine, takeTheirs } from "#app/decide.js";
import * as state from "#app/state.js";
import { gettext, language } from "#app/text.js";
import { ruleWords } from "#app/views/chips.js";
import { close, Dialog } from "#app/views/dialog.js";
import { html } from "#app/views/html.js";
import { dayWords, PRIORITIES } from "#app/views/row.js";

/** @typedef {import("#app/settle.js").Problem} Problem */

/** A value as text. @param {string} member @param {any} value */
function words(member, value) {
  if (value === null || value === undefined || value === "" || value?.length === 0)
    return gettext("nothing");
  if (member === "priority") return PRIORITIES()[value] ?? String(value);
  if (member === "recurrence") return ruleWords(value);
  if (member === "recurrence_from")
    return value === "due" ? gettext("the day it is due") : gettext("the day it is finished");
  if (member === "list")
    return state.store.value?.get("list", value)?.name ?? gettext("another list");
  if (member === "parent")
    return state.store.value?.get("todo", value)?.title ?? gettext("another to-do");
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
    parent: gettext("Part of"),
    tags: gettext("Tags"),
    recurrence: gettext("Repeat"),
    recurrence_from: gettext("Counted from"),
    reminders: gettext("Reminders"),
    start_on: gettext("Not before"),
    query: gettext("Words"),
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
    cycle: gettext("A to-do cannot be its own subtask."),
    too_deep: gettext("To-dos have at most three levels."),
    same_name: gettext("Another tag has this name."),
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

export function Problems() {
  const some = state.store.value?.problems.value ?? [];
  useEffect(() => {
    if (!some.length) close();
  }, [some.length]);
  return html`<${Dialog} title=${gettext("What should hold?")}>
    <ol class="problems">${some.map((problem) => html`<${problem.what === "conflict" ? Conflict : Refused} key=${problem.op_id} problem=${problem} />`)}</ol>
  <//>`;
}

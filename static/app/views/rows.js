// The parts of a view, each under its heading.
import { useLayoutEffect, useRef } from "preact/hooks";
import { postpone } from "#app/actions.js";
import { plus, weekdayName } from "#app/days.js";
import { grip } from "#app/grip.js";
import { dragging } from "#app/later.js";
import { counts, homeOf, isLate, week } from "#app/lists.js";
import { write } from "#app/route.js";
import { data, isManual } from "#app/shown.js";
import * as state from "#app/state.js";
import { above, progress } from "#app/subtasks.js";
import { gettext, language, ngettext } from "#app/text.js";
import { html } from "#app/views/html.js";
import { dayWords, Row } from "#app/views/row.js";

/** @typedef {import("#app/lists.js").Section} Section */

/** @param {Section} section */
function heading({ kind, day, todos }) {
  const today = state.today.value;
  if (kind === "overdue") return gettext("Overdue");
  if (kind === "today") return gettext("Today");
  if (kind === "finished") return day ? dayWords(day, today) : gettext("Finished");
  if (kind === "day") {
    const words = dayWords(day, today);
    return day <= plus(today, 1) ? `${words} · ${weekdayName(day, language())}` : words;
  }
  return todos.length && kind === "trash" ? gettext("Deleted to-dos stay here for 30 days.") : "";
}

/** @param {{done: number, all: number}} progress */
const words = ({ done, all }) => (all ? `${done}/${all}` : "");

/** @param {import("#app/model.js").Todo} todo */
const hasOpen = (todo) =>
  (state.kin.value.get(todo.id) ?? []).some((part) => part.status === "open" && !part.deleted_at);

/**
 * Makes the rows of a list movable, as soon as they can be.
 * @param {{current: HTMLElement | null}} list
 * @param {boolean} sorts whether they have places of their own
 * @param {boolean} [some] whether it has any
 */
export function useDragging(list, sorts, some = true) {
  const it = dragging.here.value;
  useLayoutEffect(
    () => (it && list.current ? it.draggable(list.current, sorts) : undefined),
    [it, sorts, some],
  );
}

/** @param {{section: Section, limit: number}} props */
export function Rows({ section, limit }) {
  const { route, zone, today, now, selection, editing } = state;
  const list = useRef(/** @type {HTMLOListElement | null} */ (null));
  const manual = section.kind === "plain" && isManual();
  useDragging(list, manual);
  const lists = new Map(state.all("list").map((one) => [one.id, one]));
  const clashes = new Set(state.store.value?.problems.value.map(({ operation }) => operation.id));
  const { view } = route.value;
  const nested = section.levels !== undefined;
  return html`<ol ref=${list} class=${manual ? "manual" : ""} data-day=${section.kind === "day" ? section.day : undefined} onPointerDown=${grip}>
    ${section.todos.slice(0, limit).map(
      (todo) => html`<${Row}
        key=${todo.id}
        todo=${todo}
        list=${homeOf(todo, lists)}
        zone=${zone.value}
        today=${today.value}
        late=${isLate(todo, now.value, zone.value)}
        hidesDay=${section.kind === "today" || section.kind === "day"}
        hidesList=${view === "list" || view === "inbox"}
        isOpen=${route.value.todo === todo.id}
        isSelected=${selection.value.has(todo.id)}
        isEdited=${editing.value === todo.id}
        hasProblem=${clashes.has(todo.id)}
        level=${section.levels?.get(todo.id) ?? 0}
        parts=${words(progress(todo.id, state.kin.value))}
        folds=${nested && hasOpen(todo) ? (state.folded.value.has(todo.id) ? "folded" : "open") : ""}
        extra=${nested ? "" : (above(todo, state.store.value?.all("todo") ?? new Map())[0]?.title ?? "")}
        colors=${state.tagColors.value}
        href=${write({ view: "todo", of: todo.id })}
        isGone=${section.kind === "trash"}
      />`,
    )}
  </ol>`;
}

/** @param {{section: Section}} props */
export function SectionHead({ section }) {
  const words = heading(section);
  const ids = section.todos.map(({ id }) => id);
  if (!words) return null;
  return html`<h2 class=${section.kind === "overdue" ? "late" : ""} id=${section.day ? `day-${section.day}` : undefined}>
    <span>${words}</span>
    ${section.kind === "overdue" && html`<button class="text" onClick=${() => postpone(ids, state.today.value)}>${gettext("Move to today")}</button>`}
    ${
      section.kind === "trash" &&
      html`<button class="text danger" onClick=${() => {
        state.dialog.value = "empty-trash";
      }}>${gettext("Empty the trash")}</button>`
    }
  </h2>`;
}

export function WeekStrip() {
  const { days } = counts(data());
  return html`<nav class="week" aria-label=${gettext("Days")}>
    ${week(state.today.value).map((day) => {
      const count = days[day] ?? 0;
      const label = `${dayWords(day, state.today.value)}: ${ngettext("{count} to-do", "{count} to-dos", count)}`;
      return html`<button key=${day} data-drop-day=${day} aria-label=${label} disabled=${!count}
        onClick=${() => document.getElementById(`day-${day}`)?.scrollIntoView({ block: "start" })}>
        <span>${weekdayName(day, language(), "short")}</span><b>${Number(day.slice(8))}</b><i>${count || "·"}</i>
      </button>`;
    })}
  </nav>`;
}

// A modal dialog.
import { useLayoutEffect, useRef } from "preact/hooks";
import * as state from "#app/state.js";
import { gettext } from "#app/text.js";
import { atOnce, html, Icon } from "#app/views/html.js";

export const close = () => {
  state.dialog.value = "";
};

/** Closes immediately: the browser would close it too, but report it only after the next key. @param {KeyboardEvent} event */
function key(event) {
  if (event.key !== "Escape" || event.isComposing) return;
  event.preventDefault();
  event.stopPropagation();
  atOnce(close);
}

/** @param {{title: string, children: any}} props */
export function Dialog({ title, children }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useLayoutEffect(() => {
    const before = document.activeElement;
    const dialog = box.current;
    dialog?.showModal();
    return () => {
      dialog?.close(); // while it is open, nothing behind it can take the focus
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return html`<dialog ref=${box} aria-labelledby="dialog-title" onClose=${() => box.current && close()} onKeyDown=${key} onClick=${(/** @type {Event} */ event) => event.target === box.current && close()}>
    <div class="dialog">
      <header><h2 id="dialog-title">${title}</h2><button class="ghost" aria-label=${gettext("Close")} onClick=${close}><${Icon} name="close" /></button></header>
      ${children}
    </div>
  </dialog>`;
}

/** @param {{label: string, danger?: boolean, quiet?: boolean, act: () => void}} props */
export function Answer({ label, danger, quiet, act }) {
  const kinds = ["button", quiet && "quiet", danger && "danger"].filter(Boolean).join(" ");
  return html`<button class=${kinds} onClick=${() => {
    close();
    act();
  }}>${label}</button>`;
}

export const nothing = () => undefined;

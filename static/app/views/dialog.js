// A question that stands before everything else.
import { useLayoutEffect, useRef } from "preact/hooks";
import * as state from "#app/state.js";
import { gettext } from "#app/text.js";
import { html, Icon } from "#app/views/html.js";

export const close = () => {
  state.dialog.value = "";
};

/** @param {{title: string, children: any}} props */
export function Dialog({ title, children }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useLayoutEffect(() => {
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
export function Answer({ label, danger, quiet, act }) {
  const kinds = ["button", quiet && "quiet", danger && "danger"].filter(Boolean).join(" ");
  return html`<button class=${kinds} onClick=${() => {
    close();
    act();
  }}>${label}</button>`;
}

export const nothing = () => undefined;

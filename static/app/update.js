// Registers the service worker, which caches the page for offline use and installs new versions.
import { update } from "#app/state.js";

/** @type {ServiceWorker | null} */
let waiting = null;
let asked = false;

/** Activates the new version. */
export function reload() {
  asked = true;
  if (waiting) waiting.postMessage("activate");
  else location.reload();
}

/** @param {ServiceWorkerRegistration} registration */
function watch(registration) {
  const look = () => {
    waiting = registration.waiting;
    update.value = Boolean(waiting && navigator.serviceWorker.controller);
  };
  look();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", look);
  });
}

/** @param {string} address */
export async function install(address) {
  if (!navigator.serviceWorker) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => asked && location.reload());
  const rules = { createScriptURL: (/** @type {string} */ url) => url };
  const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("nudge", {
    createScriptURL: (/** @type {string} */ url) => {
      if (url !== address) throw new TypeError("Not the worker of this page");
      return url;
    },
  });
  const url = (policy ?? rules).createScriptURL(address);
  const registration = await navigator.serviceWorker.register(url).catch(() => undefined);
  if (registration) watch(registration);
}

// Starts the page: draws the local data, then syncs with the server.
import { effect } from "@preact/signals";
import { render } from "preact";
import { add } from "#app/actions.js";
import { stand } from "#app/hold.js";
import { press } from "#app/keys.js";
import { fetchAll, updating } from "#app/later.js";
import { read } from "#app/route.js";
import { onOtherAccount } from "#app/session.js";
import { begin, retry } from "#app/start.js";
import { appearance, clock, go, profile, start, store } from "#app/state.js";
import { tongue } from "#app/text.js";
import { speak, speakAsChosen, usual } from "#app/tongues.js";
import { App } from "#app/views/app.js";
import { atOnce, html } from "#app/views/html.js";

const page = document.documentElement;
let completes = false;

effect(() => {
  const count = store.value?.waiting.value.count ?? 0;
  localStorage.setItem("nudge.waiting", String(count)); // for js/log-out.js
});
effect(() => {
  page.dataset.theme = appearance.value.value;
});

addEventListener("keydown", press);
addEventListener("click", follow);
addEventListener("online", goOn);
addEventListener("offline", retry);
addEventListener(
  "beforeunload",
  (event) => store.value?.leave() === false && event.preventDefault(),
);
addEventListener("pagehide", end);
document.addEventListener("visibilitychange", () => document.hidden || goOn());
setInterval(() => {
  clock.value = Date.now();
}, 20_000);
onOtherAccount(() => location.reload());

/**
 * Shows the view of a link at once, because the browser reports the new one only after more keys.
 * @param {MouseEvent} event
 */
function follow(event) {
  const { target, button, ctrlKey, metaKey, shiftKey, altKey, defaultPrevented } = event;
  const link = target instanceof Element && target.closest("a[href^='#/']");
  if (!link || defaultPrevented || button || ctrlKey || metaKey || shiftKey || altKey) return;
  event.preventDefault();
  atOnce(() => go(read(link.getAttribute("href") ?? "")));
}

/** Keeps what a person is writing, as if they had left the field, and what is not stored yet. */
function end() {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  store.value?.leave();
}

/** Redraws in another language. */
const Page = () => html`<${App} key=${tongue.value.language} />`;

await speak(usual()).catch(() => undefined);
const place = document.getElementById("app");
if (place) render(html`<${Page} />`, place);
effect(() => {
  if (start.value !== "starting") setTimeout(() => stand(start.value === "ready"));
});
effect(() => void speakAsChosen(profile.value?.language).catch(() => undefined));

/** Text that another app has shared with this one. */
function takeShared() {
  const shared = new URLSearchParams(location.search);
  const words = ["title", "text", "url"].map((name) => shared.get(name)).filter(Boolean);
  if (!words.length) return;
  history.replaceState(null, "", location.pathname + location.hash);
  add([words.join(" ")]);
}

/** Fetches what the first sight did not need, then has a worker that keeps all of it. */
async function complete() {
  if (completes || !store.value) return;
  completes = true;
  completes = await fetchAll(); // if not, with the next network
  if (!completes) return;
  await updating.here.value?.install(page.dataset.worker ?? "");
  page.dataset.whole = "yes"; // what tests wait for
}

/** The network is back, or the person. */
function goOn() {
  retry();
  void complete();
}

effect(() => {
  if (store.value?.complete.value) void complete();
});
await begin();
if (start.value === "ready") {
  takeShared();
  void complete();
}

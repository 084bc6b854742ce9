// Starts the page: draws the local data, then syncs with the server.
import { effect } from "@preact/signals";
import { render } from "preact";
import { add } from "#app/actions.js";
import { press } from "#app/keys.js";
import { fetchWords } from "#app/quickadd/words.js";
import { onOtherAccount } from "#app/session.js";
import { begin, retry } from "#app/start.js";
import { appearance, clock, profile, start, store } from "#app/state.js";
import { tongue } from "#app/text.js";
import { speak, speakAsChosen, usual } from "#app/tongues.js";
import { install } from "#app/update.js";
import { App } from "#app/views/app.js";
import { html } from "#app/views/html.js";

const page = document.documentElement;

effect(() => {
  const count = store.value?.waiting.value.count ?? 0;
  localStorage.setItem("nudge.waiting", String(count)); // for js/log-out.js
});
effect(() => {
  page.dataset.theme = appearance.value.value;
});

addEventListener("keydown", press);
addEventListener("online", retry);
addEventListener("offline", retry);
document.addEventListener("visibilitychange", () => document.hidden || retry());
setInterval(() => {
  clock.value = Date.now();
}, 20_000);
onOtherAccount(() => location.reload());

/** Redraws in another language. */
const Page = () => html`<${App} key=${tongue.value.language} />`;

await speak(usual()).catch(() => undefined);
const place = document.getElementById("app");
if (place) render(html`<${Page} />`, place);
effect(() => void speakAsChosen(profile.value?.language).catch(() => undefined));

/** Text that another app has shared with this one. */
function takeShared() {
  const shared = new URLSearchParams(location.search);
  const words = ["title", "text", "url"].map((name) => shared.get(name)).filter(Boolean);
  if (!words.length) return;
  history.replaceState(null, "", location.pathname + location.hash);
  add([words.join(" ")]);
}

void fetchWords();
await begin();
if (start.value === "ready") {
  takeShared();
  install(page.dataset.worker ?? "");
}

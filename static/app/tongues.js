// The language of the page: that of the account, otherwise that of the shell.
import { tongue } from "#app/text.js";

/** The languages besides English, and the modules of their texts. @type {Record<string, () => Promise<{default: import("#app/text.js").Catalogue}>>} */
const TONGUES = { "zh-hans": () => import("#app/languages/zh-hans.js") };
const KEY = "nudge.language";

/** @param {string} name as the server spells it */
export async function speak(name) {
  const load = TONGUES[name.toLowerCase()];
  const language = load ? name : "en";
  if (language === tongue.value.language) return;
  const catalogue = load ? (await load()).default : {};
  document.documentElement.lang = language;
  tongue.value = { language, catalogue };
}

/** The last language here; the shell is in the language of the browser. */
export const usual = () => localStorage.getItem(KEY) ?? document.documentElement.lang;

/** @param {string | undefined} name of the profile; empty is that of the browser */
export async function speakAsChosen(name) {
  if (name === undefined) return;
  if (name) localStorage.setItem(KEY, name);
  else localStorage.removeItem(KEY);
  await speak(usual());
}

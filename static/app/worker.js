// The service worker: serves the page and its files, and nothing else, from a cache of this build.
/// <reference lib="webworker" />
const own =
  /** @type {ServiceWorkerGlobalScope & {nudge: {shell: string, files: string[], build: string}}} */ (
    /** @type {unknown} */ (self)
  );
const { shell, files, build } = own.nudge;
const NAME = `nudge-${build}`;
const known = new Set(files.map((file) => new URL(file, location.href).href));
const page = new URL(shell, location.href).href;
/** @type {Promise<Cache> | undefined} */
let opened;

const cache = () => (opened ??= caches.open(NAME));

/** @param {string} address */
async function fetched(address) {
  const answer = await fetch(address, { mode: "cors", credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new Error(`${address}: ${answer.status}`);
  return answer;
}

async function keep() {
  const to = await cache();
  await Promise.all(
    [page, ...known].map(async (address) => to.put(address, await fetched(address))),
  );
}

async function forgetOthers() {
  for (const name of await caches.keys()) {
    if (name.startsWith("nudge-") && name !== NAME) await caches.delete(name);
  }
  await own.clients.claim();
}

/** @param {Request} request @param {string} address */
async function answer(request, address) {
  return (await (await cache()).match(address)) ?? fetch(request);
}

own.addEventListener("install", (event) => event.waitUntil(keep()));
own.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
own.addEventListener("message", (event) => {
  if (event.data === "activate") own.skipWaiting();
});
own.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const [address = ""] = request.url.split("#");
  if (request.mode === "navigate" && address.split("?")[0] === page)
    event.respondWith(answer(request, page));
  else if (known.has(address)) event.respondWith(answer(request, address));
});

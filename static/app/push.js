// Shows reminders as notifications; the service worker (static/app/worker.js) imports it.
/// <reference lib="webworker" />
{
  const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

  /** @typedef {{name: string, title: string, token: string}} Act */
  /** @typedef {{title: string, body: string, tag: string, todo: string | null, acts: Act[]}} Told */

  /** @param {Told} told */
  const show = (told) =>
    worker.registration.showNotification(
      told.title,
      /** @type {NotificationOptions} */ ({
        body: told.body,
        tag: told.tag,
        data: told,
        actions: told.acts.map(({ name, title }) => ({ action: name, title })),
      }),
    );

  /** @param {Told} told */
  async function open(told) {
    const page = new URL(told.todo ? `./#todo/${told.todo}` : "./", location.href).href;
    const [open] = await worker.clients.matchAll({ type: "window" });
    if (!open) return worker.clients.openWindow(page);
    await open.navigate(page);
    return open.focus();
  }

  /** @param {string} token */
  const act = (token) =>
    fetch(new URL(`../reminders/${token}/now/`, location.href), {
      method: "POST",
      credentials: "omit",
    });

  worker.addEventListener("push", (event) => {
    if (event.data) event.waitUntil(show(event.data.json()));
  });
  worker.addEventListener("notificationclick", (event) => {
    event.notification.close();
    const told = /** @type {Told} */ (event.notification.data);
    const chosen = told.acts.find(({ name }) => name === event.action);
    event.waitUntil(chosen ? act(chosen.token) : open(told));
  });
}

// Subscribes this browser to reminders; the service worker of the to-dos shows them.
const place = document.querySelector("[data-push]");
const { push, page, session } = place.dataset;
const told = place.querySelector("[role=status]");
const json = async (answer) => {
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
};

async function worker() {
  const known = await navigator.serviceWorker.getRegistration(page);
  return known ?? navigator.serviceWorker.register(`${page}worker.js`);
}

async function subscribe(key) {
  const subscription = await (await worker()).pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: key,
  });
  const { endpoint, keys } = subscription.toJSON();
  const { csrf_token: token } = await json(await fetch(session));
  await json(
    await fetch(push, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ endpoint, keys }),
    }),
  );
}

if ("serviceWorker" in navigator && "PushManager" in window) {
  const { public_key: key } = await json(await fetch(push));
  place.hidden = !key; // without a key this server sends no notifications
  place.querySelector("button").addEventListener("click", async () => {
    try {
      await subscribe(key);
      told.textContent = told.dataset.done;
    } catch {
      told.textContent = told.dataset.failed;
    }
  });
}

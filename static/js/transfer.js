// Shows the progress of exports and imports, and uploads large files through a link.
const form = document.querySelector("form[data-imports]");
const { imports, session } = form.dataset;
const told = form.querySelector("[role=status]");
const LARGEST_FORM = 3_500_000; // bytes: Lambda accepts six megabytes in base64
const BY_SUFFIX = { json: "json", zip: "json", ics: "ics", txt: "todotxt", csv: "csv" };
const PAUSE = 2000;

const json = async (answer) => {
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
};

async function formatOf(file) {
  const found = BY_SUFFIX[file.name.split(".").pop().toLowerCase()] ?? "json";
  const head = await file.slice(0, 200).text();
  return found === "csv" && /^"?TYPE"?,.*\bINDENT\b/.test(head) ? "todoist" : found;
}

async function send(file) {
  const { csrf_token: token } = await json(await fetch(session));
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  const body = { format: form.elements.format.value || (await formatOf(file)), size: file.size };
  if (form.elements.list.value) body.list = form.elements.list.value;
  const begun = await fetch(imports, { method: "POST", headers, body: JSON.stringify(body) });
  const { id, upload } = await json(begun);
  const isHere = new URL(upload.url).origin === location.origin;
  const sent = await fetch(upload.url, {
    method: upload.method,
    headers: isHere ? { ...upload.headers, "X-CSRFToken": token } : upload.headers,
    body: file,
  });
  if (!sent.ok) throw new Error(String(sent.status));
  if (!isHere) await json(await fetch(`${imports}${id}/check/`, { method: "POST", headers, body: "{}" }));
}

form.addEventListener("submit", async (event) => {
  const [file] = form.elements.file.files;
  if (!file || file.size <= LARGEST_FORM) return;
  event.preventDefault();
  told.textContent = told.dataset.sending;
  try {
    await send(file);
    location.reload();
  } catch {
    told.textContent = told.dataset.failed;
  }
});

async function renew() {
  const place = document.querySelector("[data-jobs]");
  if (!place.querySelector("[data-working]")) return;
  const answer = await fetch(location.pathname).catch(() => null);
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-jobs]");
    if (fresh) place.replaceChildren(...fresh.childNodes);
  }
  setTimeout(renew, PAUSE);
}
setTimeout(renew, PAUSE);

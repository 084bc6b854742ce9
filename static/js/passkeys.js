// Asks the browser for a passkey, and sends the result with the form around the button.
const decoded = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const encoded = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const named = (list) => list?.map((each) => ({ ...each, id: decoded(each.id) }));

function ofBrowser(options) {
  const read = { ...options, challenge: decoded(options.challenge) };
  if (options.user) read.user = { ...options.user, id: decoded(options.user.id) };
  read.excludeCredentials = named(options.excludeCredentials);
  read.allowCredentials = named(options.allowCredentials);
  return read;
}

function ofServer(credential) {
  const response = {};
  for (const part of [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ])
    if (credential.response[part]) response[part] = encoded(credential.response[part]);
  return {
    id: credential.id,
    rawId: encoded(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function options(form) {
  if (!form.dataset.options)
    return Object.values(JSON.parse(document.getElementById("passkey-options").textContent))[0];
  const answer = await fetch(form.dataset.options, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).request_options;
}

async function ask(form) {
  const { publicKey } = await options(form);
  const asked = { publicKey: ofBrowser(publicKey) };
  const given = await navigator.credentials[form.dataset.passkey](asked);
  form.elements.credential.value = JSON.stringify(ofServer(given));
  form.submit();
}

// A passkey belongs to a domain, which an IP address is not (WebAuthn level 3, section 5.1.3).
const usable = window.PublicKeyCredential && !/^(\[.*|[\d.]+)$/.test(location.hostname);

for (const form of document.querySelectorAll("[data-passkey]")) {
  const told = form.querySelector("[role=status]");
  form.hidden = !usable;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await ask(form);
    } catch {
      told.textContent = told.dataset.failed;
    }
  });
}
if (!usable)
  for (const note of document.querySelectorAll("[data-no-passkeys]")) note.hidden = false;

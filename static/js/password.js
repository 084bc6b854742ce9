// Marks the fulfilled rules of a new password. Only the server knows common passwords.
const list = document.querySelector("[data-rules]");
const field = document.querySelector("input[name=password1]");

/** The parts of the address, which a password must not contain. */
function parts() {
  const email = document.querySelector("input[name=email]")?.value.toLowerCase() ?? "";
  return email.split(/[^\p{L}\p{N}]+/u).filter((part) => part.length > 3);
}

const kept = {
  length: (password, least) => [...password.normalize("NFKC")].length >= least,
  digits: (password) => /\P{Nd}/u.test(password),
  similar: (password) => !parts().some((part) => password.toLowerCase().includes(part)),
};

function mark() {
  for (const item of list.children) {
    const rule = kept[item.dataset.rule];
    const good = Boolean(field.value && rule?.(field.value, Number(item.dataset.least)));
    item.classList.toggle("rule-kept", good);
  }
}

if (list && field) {
  field.form.addEventListener("input", mark);
  mark();
}

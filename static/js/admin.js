// Adds labels for screen readers that Django's admin lacks: for searchable lists and for the parts
// of a field.
function name() {
  for (const box of document.querySelectorAll(".select2-selection[role=combobox]:not([aria-label])")) {
    const select = box.closest(".select2")?.previousElementSibling;
    const label = document.querySelector(`label[for="${select?.id}"]`);
    if (label) box.setAttribute("aria-label", label.textContent.replace(/:\s*$/, ""));
  }
  for (const part of document.querySelectorAll(".form-row :is(input, select):not([aria-label])")) {
    const row = part.closest(".form-row").querySelector("label, legend");
    if (row && part.labels?.length === 0) part.setAttribute("aria-label", row.textContent.trim());
  }
  for (const head of document.querySelectorAll("th.original:empty")) {
    head.setAttribute("aria-label", head.closest(".inline-group").querySelector("h2").textContent.trim());
  }
}

new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
name();

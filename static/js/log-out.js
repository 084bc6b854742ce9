// Asks for confirmation before a log-out if there are unsent changes, which would be lost.
const form = document.querySelector("[data-question]");
form?.addEventListener("submit", (event) => {
  const waits = Number(localStorage.getItem("nudge.waiting"));
  if (waits && !confirm(form.dataset.question)) event.preventDefault();
});

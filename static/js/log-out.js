// Changes that the page has not sent yet are lost by a log-out: that is asked first.
const form = document.querySelector("[data-question]");
form?.addEventListener("submit", (event) => {
  const waits = Number(localStorage.getItem("nudge.waiting"));
  if (waits && !confirm(form.dataset.question)) event.preventDefault();
});

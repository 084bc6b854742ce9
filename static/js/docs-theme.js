// Sets the theme of Swagger UI: the one chosen in this browser, otherwise that of the system.
const night = matchMedia("(prefers-color-scheme: dark)");

function follow() {
  const { theme } = document.documentElement.dataset;
  const dark = theme === "dark" || (theme !== "light" && night.matches);
  document.documentElement.classList.toggle("dark-mode", dark);
}

night.addEventListener("change", follow);
follow();

// Its list of servers has a heading but no label.
new MutationObserver(() => {
  document.getElementById("servers")?.setAttribute("aria-label", "Servers");
}).observe(document, { childList: true, subtree: true });

// Sets the light or dark theme of this browser before the first paint.
document.documentElement.dataset.theme = localStorage.getItem("nudge.appearance") ?? "system";

// Before anything is drawn: light or dark, as chosen in this browser.
document.documentElement.dataset.theme = localStorage.getItem("nudge.appearance") ?? "system";

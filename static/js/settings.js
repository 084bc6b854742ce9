// Adds a search field to the list of time zones, and sets the theme of this browser.
const finder = document.querySelector("[data-filter]");
if (finder) {
  const select = document.getElementById(finder.dataset.filter);
  const [field, told] = [finder.querySelector("input"), finder.querySelector("[role=status]")];
  const options = [...select.options];
  const plain = (text) => text.toLowerCase().replaceAll(/[_/]/g, " ");
  field.addEventListener("input", () => {
    const words = plain(field.value).split(" ");
    const found = options.filter((option) =>
      words.every((word) => plain(option.text).includes(word)),
    );
    const chosen = select.value;
    select.replaceChildren(...(found.length ? found : options));
    select.value = found.length && field.value ? found[0].value : chosen;
    told.textContent = found.length ? "" : told.dataset.none;
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault(); // Enter would submit the form
      select.focus();
    }
  });
  finder.hidden = false;
}

const appearance = document.querySelector("[data-appearance]");
if (appearance) {
  const now = localStorage.getItem("nudge.appearance") ?? "system";
  for (const choice of appearance.querySelectorAll("input")) choice.checked = choice.value === now;
  appearance.addEventListener("change", (event) => {
    localStorage.setItem("nudge.appearance", event.target.value);
    document.documentElement.dataset.theme = event.target.value;
  });
  appearance.hidden = false;
}

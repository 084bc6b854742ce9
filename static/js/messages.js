// Messages stay until they are dismissed: what offers "Undo" must not run away from a slow reader.
const messages = document.getElementById("messages");

function offerDismiss() {
  for (const button of messages.querySelectorAll("[data-dismiss]")) button.hidden = false;
}

messages.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".message").remove();
});
new MutationObserver(offerDismiss).observe(messages, { childList: true });
offerDismiss();

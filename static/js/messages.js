// Messages stay until they are dismissed, so that slow readers can still use "Undo".
const messages = document.getElementById("messages");

function offerDismiss() {
  for (const button of messages.querySelectorAll("[data-dismiss]")) button.hidden = false;
}

messages.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".message").remove();
});
new MutationObserver(offerDismiss).observe(messages, { childList: true });
offerDismiss();

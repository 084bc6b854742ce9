// Tells the sign-up form where the person lives, so that "today" is right from the first minute.
const field = document.querySelector("input[name=time_zone]");
if (field && !field.value) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

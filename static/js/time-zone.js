// Puts the browser's time zone into the sign-up form, so that "today" is correct from the start.
const field = document.querySelector("input[name=time_zone]");
if (field && !field.value) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

// A hidden [data-time-zone] field says where the browser is, so that dates of calls are said in the reader's time.
for (const field of document.querySelectorAll("[data-time-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

// <form data-passkey="get|create" data-options="{…}"> or <form data-passkey="get" data-options-url="…">: on submit the browser asks
// for a passkey, its answer goes into the field "credential", and the form is sent. What fails is said in [data-passkey-problem].
const { create, get } = window.webauthnJSON;

async function optionsOf(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const answer = await fetch(form.dataset.optionsUrl, { headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return (await answer.json()).request_options;
}

function fitToChoice(options, form) {
  const choice = form.elements.passwordless;
  if (!choice) return options;
  const selection = options.publicKey.authenticatorSelection;
  selection.residentKey = choice.checked ? "required" : "discouraged";
  selection.requireResidentKey = choice.checked;
  if (choice.checked) selection.userVerification = "required";
  return options;
}

function say(form, error) {
  const place = form.querySelector("[data-passkey-problem]");
  // NotAllowedError: the person closed the dialog, or let it run out. InvalidStateError: this passkey is known already.
  const name = ["NotAllowedError", "AbortError"].includes(error.name) ? "cancelled" : error.name === "InvalidStateError" ? "known" : "failed";
  place.textContent = place.dataset[name];
  place.hidden = false;
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-passkey]");
  if (!form) return;
  event.preventDefault();
  const button = event.submitter;
  button?.setAttribute("aria-busy", "true");
  try {
    const options = await optionsOf(form);
    const credential = form.dataset.passkey === "create" ? await create(fitToChoice(options, form)) : await get(options);
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    button?.removeAttribute("aria-busy");
    say(form, error);
  }
}, true); // before forms.js, which then leaves the form alone

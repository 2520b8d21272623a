// Passkeys: a form marked data-passkey asks the browser for one and sends what it gives. Without this script (or a
// browser that knows passkeys) such forms stay hidden, and one signs in with a password and a code.

const known = "credentials" in navigator && typeof PublicKeyCredential?.parseRequestOptionsFromJSON === "function";

async function options(form) {
  if (form.dataset.passkey !== "login") return JSON.parse(document.getElementById("passkey-data").textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

async function ask(form) {
  const data = await options(form);
  if (form.dataset.passkey !== "add") {
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(data.request_options.publicKey) });
  }
  const wanted = structuredClone(data.creation_options.publicKey);
  if (form.elements.passwordless?.checked) {
    Object.assign(wanted.authenticatorSelection, { residentKey: "required", requireResidentKey: true, userVerification: "required" });
  }
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(wanted) });
}

for (const form of known ? document.querySelectorAll("form[data-passkey]") : []) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = form.querySelector(".problems[role=alert]");
    try {
      form.elements.credential.value = JSON.stringify(await ask(form));
      form.submit();
    } catch {
      if (problem) problem.hidden = false;
    }
  });
}

// Binds allauth's passkey functions to the forms of our pages: which function, and the ids of the parts it needs.
document.addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const { passkey, ...ids } = form.dataset;
    window.allauth.webauthn.forms[passkey]({ ids });
  }
});

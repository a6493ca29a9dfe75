// Shows a message when a request fails; closes the account menu on Escape or a click elsewhere.
(() => {
  const toasts = () => document.getElementById("toasts");

  function say(text) {
    const box = toasts();
    if (!box || !text) return;
    const note = document.createElement("div");
    note.className = "message error";
    note.textContent = text;
    box.replaceChildren(note);
    setTimeout(() => note.remove(), 8000);
  }

  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    const words = toasts()?.dataset ?? {};
    const fault = xhr.getResponseHeader("X-Fault");
    if (fault === "csrf") say(words.expired);
    else if (fault) say(words.storage);
    else say(xhr.status === 403 ? words.forbidden : words.failed);
  });
  document.addEventListener("htmx:sendError", () => say(toasts()?.dataset.offline));

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.account[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-no-submit]")) event.preventDefault();
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.account[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto-submit]");
    if (form && !event.target.matches("[type=search], [type=text]")) form.requestSubmit();
  });
})();

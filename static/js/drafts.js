// Keeps what a person sent from a form while their session had ended, and puts it back after sign-in.
//
// A form is remembered when it is sent. If the answer is the sign-in page or "form expired" (they
// have a #draft-kept), it waits; on its own page, signed in as the same person, it is filled in
// again. A choice that HTMX sends by itself (a label) is sent again. Passwords and files
// are never kept; sessionStorage ends with the tab.
(() => {
  const KEY = "voicelab-draft";
  const { person } = document.body.dataset;
  const here = location.pathname + location.search;
  const read = () => JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  const keep = (draft) => sessionStorage.setItem(KEY, JSON.stringify(draft));
  const drop = () => sessionStorage.removeItem(KEY);
  const addressOf = (form) => form.getAttribute("action") ?? "";

  function remember(form, submitter, isHtmx) {
    if (!person || form?.getAttribute("method") !== "post" || !form.closest("main")) return;
    if (form.querySelector("[type=password]")) return;
    const fields = [...new FormData(form, submitter)]
      .filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string");
    keep({ page: here, person, address: addressOf(form), fields, isHtmx, isWaiting: false });
  }

  function formOf(draft) {
    const names = draft.fields.map(([name]) => name);
    return [...document.querySelectorAll("main form[method=post]")].find(
      (form) => addressOf(form) === draft.address && names.every((name) => form.elements.namedItem(name)),
    );
  }

  function fill(form, fields) {
    const valuesOf = (name) => fields.filter(([known]) => known === name).map(([, value]) => value);
    for (const field of form.elements) {
      if (!field.name || ["hidden", "file", "submit", "button"].includes(field.type)) continue;
      const values = valuesOf(field.name);
      if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
      else if (field.type === "select-multiple") {
        for (const option of field.options) option.selected = values.includes(option.value);
      } else if (values.length) field.value = values[0];
    }
  }

  function announce(form) {
    const note = document.createElement("p");
    note.className = "message warning";
    note.tabIndex = -1;
    note.setAttribute("role", "status");
    note.textContent = document.getElementById("toasts").dataset.restored;
    form.before(note);
    for (let up = form; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    note.focus();
  }

  function restore(draft) {
    const form = formOf(draft);
    if (!form) return;
    fill(form, draft.fields);
    if (draft.isHtmx) {
      const pressed = [...form.elements].find((field) =>
        field.type === "submit" && draft.fields.some(([name, value]) => name === field.name && value === field.value));
      form.requestSubmit(pressed);
      return;
    }
    for (const box of form.querySelectorAll("details")) box.open = true;
    announce(form);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    remember(form, event.submitter, form.hasAttribute("hx-post"));
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.requestConfig.verb === "get") return;
    remember(event.detail.elt.closest("form"), event.detail.requestConfig.triggeringEvent?.submitter, true);
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const isSignIn = detail.xhr?.getResponseHeader("HX-Redirect"); // the answer of an ended session
    if (detail.requestConfig.verb !== "get" && detail.successful && !isSignIn) drop(); // it is saved
  });
  window.addEventListener("load", () => {
    const draft = read();
    if (!draft) return;
    const note = document.getElementById("draft-kept");
    if (note) {
      keep({ ...draft, isWaiting: true });
      note.hidden = false;
    } else if (person && (!draft.isWaiting || draft.person !== person)) {
      drop();
    } else if (person && (draft.page === here || (draft.address && formOf(draft)))) {
      drop(); // a form that was refused once stood at its own address
      restore(draft);
    }
  });
})();

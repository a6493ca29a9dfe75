// The label table: keys of the current row, selection, folded filters; what was not saved goes back.
(() => {
  const find = (name) => document.getElementById(name);
  const rows = () => [...document.querySelectorAll("tr[data-sentence]")];
  const rowOf = (node) => node?.closest?.("tr[data-sentence]");
  const boxOf = (row) => row.querySelector("input[name=pick]");
  const boxes = () => rows().map(boxOf).filter(Boolean);
  let current = ""; // id of the row that has, or last had, the focus
  let anchor = null; // id of the row from which a range of the selection begins

  function focusRow(row) {
    if (!row) return;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = rows();
    const at = all.findIndex((row) => row.id === current);
    focusRow(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))]);
  }

  // Selection: the checkboxes are the state; what is shown follows from them.
  function showSelection() {
    const picked = boxes().filter((box) => box.checked);
    const bar = find("selection");
    const all = find("pick-all");
    for (const box of boxes()) rowOf(box).classList.toggle("is-picked", box.checked);
    bar?.classList.toggle("is-on", picked.length > 0);
    if (bar) bar.querySelector("[data-selected]").textContent = picked.length;
    if (all) {
      all.checked = picked.length > 0 && picked.length === boxes().length;
      all.indeterminate = picked.length > 0 && !all.checked;
    }
  }

  function pick(row, on, { range = false } = {}) {
    const all = rows();
    const from = range ? all.findIndex((other) => other.id === anchor) : -1;
    const to = all.indexOf(row);
    const [first, last] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
    for (const other of all.slice(first, last + 1)) if (boxOf(other)) boxOf(other).checked = on;
    anchor = row.id;
    showSelection();
  }

  function pickAll(on) {
    for (const box of boxes()) box.checked = on;
    showSelection();
  }

  document.addEventListener("click", (event) => {
    const row = rowOf(event.target);
    if (event.target.matches("#pick-all")) pickAll(event.target.checked);
    else if (event.target.closest("[data-act=clear]")) pickAll(false);
    else if (event.target.closest("[data-act=keep]")) keepTheirs(row);
    else if (event.target.matches("input[name=pick]")) pick(row, event.target.checked, { range: event.shiftKey });
    else if (row && boxOf(row) && clickedText(event)) pick(row, event.shiftKey || !boxOf(row).checked, { range: event.shiftKey });
  });
  document.addEventListener("mousedown", (event) => {
    if (event.shiftKey && rowOf(event.target) && clickedText(event)) event.preventDefault(); // selects no text
  });

  // Whether the sentence itself was clicked, and not dragged over to copy it.
  function clickedText(event) {
    const cell = event.target.closest(".labels-text");
    return cell && !event.target.closest("a, button, input, summary, form, .flags") && getSelection().isCollapsed;
  }

  function keepTheirs(row) {
    row.querySelector(".taken").remove();
    row.querySelector(".labels-state .badge-bad")?.remove();
    focusRow(row);
  }

  // Keys of the current row.
  function choose(row, n) {
    if (boxOf(row)?.checked) {
      find("selection").querySelectorAll("button[name=style]")[n]?.click();
      return;
    }
    const choice = row.querySelectorAll("input[name=style][type=radio]")[n];
    if (!choice) return;
    if (!choice.checked) choice.click();
    step(1);
  }

  function flag(row) {
    const box = row.querySelector("details.flag");
    if (!box) return;
    box.open = true;
    box.querySelector("input[name=comment]").focus();
  }

  function accept(row) {
    row.querySelector("button[name=accept]")?.click();
    step(1);
  }

  const actions = {
    j: () => step(1),
    k: () => step(-1),
    arrowdown: () => step(1),
    arrowup: () => step(-1),
    x: (row) => boxOf(row) && pick(row, !boxOf(row).checked),
    f: flag,
    u: (row) => row.querySelector(".labels-undo button")?.click(),
    enter: accept,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const writes = event.target.closest?.("input:not([type=radio], [type=checkbox]), select, textarea");
    const key = event.key.toLowerCase();
    if (key === "escape" && event.target.closest?.("details.flag")) {
      event.target.closest("details.flag").open = false;
      focusRow(rowOf(event.target));
    }
    if (writes || !rows().length) return;
    const row = rowOf(event.target) ?? (event.target === document.body ? find(current) : null);
    const arrow = key.startsWith("arrow");
    if (!row && (arrow || (key !== "j" && key !== "k"))) return;
    if (row && arrow && besideChoice(event)) return;
    if (key === "enter" && event.target.closest?.("button, a, summary")) return;
    const n = /^[1-9]$/.test(key) ? Number(key) - 1 : -1;
    if (n < 0 && !actions[key]) return;
    event.preventDefault();
    if (n < 0) actions[key](row);
    else choose(row, n);
  });

  // Left and right move between a row's choices without choosing: a choice is saved at once.
  function besideChoice(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return false;
    if (event.target.matches("input[type=radio]")) {
      const all = [...event.target.form.querySelectorAll("input[type=radio]")];
      all[(all.indexOf(event.target) + by + all.length) % all.length].focus();
      event.preventDefault();
    }
    return true;
  }

  document.addEventListener("focusin", (event) => {
    const row = rowOf(event.target);
    if (!row) return;
    find(current)?.classList.remove("is-current");
    current = row.id;
    row.classList.add("is-current");
  });

  // A row that came back from the server: the focus and the selection are put where they were.
  const picked = new Map();
  document.addEventListener("htmx:beforeRequest", (event) => {
    const row = rowOf(event.detail.elt);
    if (row) picked.set(row.id, boxOf(row)?.checked ?? false);
  });
  document.addEventListener("htmx:load", (event) => {
    const row = event.detail.elt;
    if (row.matches?.("tr[data-sentence]")) {
      if (picked.get(row.id) && boxOf(row)) boxOf(row).checked = true;
      if (row.id === current) row.classList.add("is-current");
      const ask = row.querySelector(".taken [data-act=keep]");
      if (ask) ask.focus();
      else if (row.id === current && document.activeElement === document.body) focusRow(row);
    }
    showSelection();
  });

  // What could not be saved: the controls show the saved value again, and the row says why.
  function failed(event, word) {
    const row = rowOf(event.detail.elt);
    if (!row) return;
    for (const form of row.querySelectorAll("form.choices")) form.reset();
    const badge = document.createElement("span");
    badge.className = "badge badge-bad labels-failed";
    badge.textContent = row.closest("table").dataset[word];
    row.querySelector(".labels-failed")?.remove();
    row.querySelector(".labels-state").prepend(badge);
  }
  document.addEventListener("htmx:sendError", (event) => failed(event, "offline"));
  document.addEventListener("htmx:timeout", (event) => failed(event, "offline"));
  document.addEventListener("htmx:responseError", (event) =>
    failed(event, event.detail.xhr.status === 403 ? "forbidden" : "failed"),
  );

  const fold = find("filters-fold");
  fold?.addEventListener("click", () => {
    fold.setAttribute("aria-expanded", fold.getAttribute("aria-expanded") !== "true");
  });
  find("filters")?.addEventListener("input", (event) => {
    const fields = [...event.currentTarget.elements].filter((field) => field.name && field.name !== "sort");
    fold.querySelector("[data-narrowed]").textContent = fields.filter((field) => field.value).length || "";
  });
  showSelection();
})();

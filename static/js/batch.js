// Batch upload: lists a folder's files, then stores them one by one, with a result for each.
(() => {
  const TRIES = 4;
  const folder = document.getElementById("batch-folder");
  const picker = document.getElementById("id_folder");
  const shown = document.getElementById("batch");
  if (!folder) return;
  let files = [];

  const token = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  // Retries lost requests and lost responses: the server recognizes a file it already has.
  async function post(url, body) {
    for (let n = 1; n <= TRIES; n += 1) {
      const headers = { "X-CSRFToken": token(), "X-Requested-With": "fetch" };
      const answer = await fetch(url, { method: "POST", body, headers }).catch(() => null);
      if (answer && answer.status < 500) {
        const text = await answer.text().catch(() => null);
        if (answer.redirected) return null; // to the page to sign in
        if (text !== null) return { text, done: answer.ok };
      }
      if (n < TRIES) await wait(400 * 2 ** n);
    }
    return null;
  }

  picker.addEventListener("change", async () => {
    files = [...picker.files].sort((a, b) => a.webkitRelativePath.localeCompare(b.webkitRelativePath));
    const names = files.map((file) => [file.webkitRelativePath || file.name, file.size]);
    const answer = await post(folder.dataset.names, JSON.stringify(names));
    if (answer) shown.innerHTML = answer.text;
    else shown.textContent = folder.dataset.lost;
  });

  function send(form, row) {
    const body = new FormData();
    const index = Number(row.dataset.index);
    if (form.dataset.entry) {
      body.append("entry", index);
      return post(form.dataset.entry, body);
    }
    const file = files[index];
    body.append("index", index);
    body.append("name", file.webkitRelativePath || file.name);
    body.append("file", file, file.name);
    return post(folder.dataset.file, body);
  }

  function count() {
    const rows = [...shown.querySelectorAll("tr[data-state]")];
    for (const place of shown.querySelectorAll("[data-count]")) {
      place.textContent = rows.filter((row) => row.dataset.state === place.dataset.count).length;
    }
  }

  async function store(form) {
    const button = form.querySelector("button");
    const bar = form.querySelector("progress");
    const status = form.querySelector("[data-status]");
    const rows = [...shown.querySelectorAll('tr[data-state="ready"]')];
    button.disabled = true;
    Object.assign(bar, { hidden: false, max: rows.length, value: 0 });
    status.textContent = "";
    for (const row of rows) {
      const answer = await send(form, row);
      if (!answer?.done) {
        status.textContent = folder.dataset.lost;
        button.disabled = false;
        return;
      }
      const body = document.createElement("tbody");
      body.innerHTML = answer.text;
      row.replaceWith(body.firstElementChild);
      bar.value += 1;
      status.textContent = `${bar.value} / ${rows.length}`;
      count();
    }
    button.hidden = true;
  }

  shown.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-batch]")) return;
    event.preventDefault();
    store(event.target);
  });
})();

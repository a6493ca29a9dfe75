// The focus view: stores each choice locally, shows the next sentence, saves in the background.
(() => {
  const root = document.getElementById("focus");
  if (!root) return;
  const words = root.dataset;
  const find = (name) => document.getElementById(name);
  const card = find("focus-card");
  const buttons = [...card.querySelectorAll("button[name=style]")];
  const prefix = `voicelab-focus-${words.person}-`; // of a job's own localStorage key: tabs do not collide
  const MIN_QUEUED = 10; // request more sentences at or below this number

  let queue = JSON.parse(find("focus-items").textContent);
  const jobs = Object.keys(localStorage).filter((key) => key.startsWith(prefix)).sort().map((key) => ({ ...JSON.parse(localStorage.getItem(key)), key }));
  let left = Number(words.left);
  let last = queue.at(-1)?.at;
  const isLast = (items) => items.length < Number(words.most);
  let ended = isLast(queue);
  const skipped = []; // shown again when nothing else is left
  let isFetching = false;
  let again; // timer of a failed request
  let isSending = false;
  let retryMs = 1000;

  const known = () => new Set([...queue, ...skipped].map((item) => item.id));
  const current = () => queue[0];
  const part = (node, name) => node.querySelector(`[data-part="${name}"]`);
  const keep = (job) => localStorage.setItem(job.key, JSON.stringify(job));
  const drop = (job) => localStorage.removeItem(job.key);
  const say = (text) => { find("focus-saving").textContent = text; };

  function show() {
    if (ended) queue.push(...skipped.splice(0));
    const item = current();
    card.hidden = !item;
    find("focus-done").hidden = Boolean(item) || !ended;
    find("focus-loading").hidden = Boolean(item) || ended;
    find("focus-left").textContent = Math.max(left, queue.length + skipped.length);
    if (!item) return;
    card.querySelector("form").action = item.save;
    for (const name of ["id", "category", "text", "reason"]) part(card, name).textContent = item[name];
    for (const button of buttons) {
      for (const mark of button.querySelectorAll("[data-mark]")) mark.hidden = item[mark.dataset.mark] !== button.value;
    }
  }

  async function prefetch() {
    if (isFetching || ended || queue.length > MIN_QUEUED) return;
    isFetching = true;
    let failed = false;
    try {
      const answer = await fetch(`${words.next}${last ? `&after=${last}` : ""}`, { headers: { Accept: "application/json" }, redirect: "manual" });
      if (!answer.ok) throw new Error(answer.status);
      const { items } = await answer.json();
      const skip = new Set([...known(), ...jobs.map((job) => job.item.id)]);
      queue.push(...items.filter((item) => !skip.has(item.id)));
      last = items.at(-1)?.at ?? last;
      ended = isLast(items);
    } catch {
      failed = true;
      clearTimeout(again); // one request at a time is repeated, however many keys were pressed
      again = setTimeout(prefetch, 3000);
    } finally {
      isFetching = false;
    }
    show();
    if (!failed && queue.length <= MIN_QUEUED && !ended) prefetch();
  }

  function choose(style, field = "style") {
    const item = current();
    if (!item || !style) return;
    queue.shift();
    left -= 1;
    const job = { item, style, field, key: `${prefix}${Date.now()}-${Math.random()}` };
    jobs.push(job);
    keep(job);
    remember(style, item);
    show();
    prefetch();
    send();
  }

  function remember(style, item) {
    const list = find("focus-recent");
    const row = document.createElement("li");
    const text = document.createElement("span");
    text.textContent = item.text;
    row.append(chip(style), " ", text);
    list.prepend(row);
    while (list.children.length > 10) list.lastElementChild.remove();
    list.closest("section").hidden = false;
  }

  const chip = (style) => root.querySelector(`template[data-chip="${CSS.escape(style)}"]`).content.cloneNode(true);

  function post(url, fields) {
    const token = card.querySelector("[name=csrfmiddlewaretoken]").value;
    return fetch(url, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": token },
      body: new URLSearchParams(fields),
      redirect: "manual",
    });
  }

  // Sends pending jobs one by one; a job is removed once the server has answered.
  async function send() {
    if (isSending) return;
    isSending = true;
    while (jobs.length) {
      const job = jobs[0];
      say(words.saving);
      let answer;
      try {
        const { item, style, field, seen, instead } = job;
        answer = await post(item.save, { [field]: style, seen: seen ?? item.seen ?? "", instead: instead ?? "" });
      } catch {
        answer = null;
      }
      if (answer?.type === "opaqueredirect" || answer?.status === 403) {
        signedOut();
        break;
      }
      if (!answer || answer.status >= 500) {
        say(`${words.waiting} ${jobs.length}`);
        await new Promise((done) => setTimeout(done, retryMs));
        retryMs = Math.min(2 * retryMs, 15000);
        continue;
      }
      retryMs = 1000;
      drop(jobs.shift());
      if (answer.ok) say(words.saved);
      else refused(job, await answer.json().catch(() => ({})));
    }
    isSending = false;
  }

  function signedOut() {
    const link = document.createElement("a");
    link.href = words.signIn;
    link.textContent = words.signedOut;
    find("focus-saving").replaceChildren(link);
  }

  // `newest`: somebody else's other choice stands, and may be kept, replaced or disputed.
  function refused(job, { problem, item, newest }) {
    const note = find("focus-problem").content.cloneNode(true).firstElementChild;
    part(note, "problem").textContent = problem || words.failed;
    part(note, "text").textContent = job.item.text;
    part(note, "chip").append(chip(job.style));
    note.querySelector("[data-act=again]").addEventListener("click", () => {
      queue.unshift(item ?? job.item);
      left += 1;
      note.remove();
      show();
    });
    note.querySelector("[data-act=leave]").addEventListener("click", () => note.remove());
    for (const button of note.querySelectorAll("[data-instead]")) {
      button.hidden = newest === undefined;
      button.addEventListener("click", () => {
        note.remove();
        const again = { ...job, seen: newest, instead: button.dataset.instead, key: `${prefix}${Date.now()}-${Math.random()}` };
        jobs.push(again);
        keep(again);
        send();
      });
    }
    find("focus-problems").append(note);
    say("");
  }

  async function undo() {
    const waiting = jobs.length > (isSending ? 1 : 0) ? jobs.pop() : null;
    if (waiting) {
      drop(waiting);
      putBack(waiting.item);
      return;
    }
    for (let tries = 0; isSending && tries < 100; tries += 1) await new Promise((done) => setTimeout(done, 50));
    if (isSending) {
      say(`${words.waiting} ${jobs.length}`);
      return;
    }
    let answer;
    try {
      answer = await post(words.undo, {});
    } catch {
      say(words.failed);
      return;
    }
    if (answer.type === "opaqueredirect" || answer.status === 403) signedOut();
    else if (answer.status >= 500) say(words.failed);
    else {
      const { item, problem } = await answer.json();
      if (item) putBack(item);
      else say(problem);
    }
  }

  function putBack(item) {
    queue = [item, ...queue.filter((other) => other.id !== item.id)];
    left += 1;
    remember("", item);
    say(words.takenBack);
    show();
  }

  function skip() {
    if (queue.length < 2) return;
    skipped.push(queue.shift());
    say(words.skipped);
    show();
    prefetch();
  }

  function keys() {
    const box = find("focus-keys");
    if (box.open) box.close();
    else box.showModal();
  }

  const actions = { accept: () => choose(current()?.suggestion, "accept"), skip, undo, keys };

  card.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.name === "style") choose(event.submitter.value);
  });
  find("focus-undo").addEventListener("submit", (event) => {
    event.preventDefault();
    undo();
  });
  for (const button of root.querySelectorAll("button[type=button][data-act]")) {
    button.addEventListener("click", () => actions[button.dataset.act]?.());
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest?.("input, select, textarea, details.account")) return;
    const key = event.key.toLowerCase();
    if (find("focus-keys").open && key !== "?") return;
    if (key === "enter" && event.target.closest?.("button, a, summary")) return;
    const act = { enter: "accept", s: "skip", u: "undo", "?": "keys" }[key];
    const button = /^[1-9]$/.test(key) ? buttons[Number(key) - 1] : null;
    if (!act && !button) return;
    event.preventDefault();
    if (button) choose(button.value);
    else actions[act]();
  });
  window.addEventListener("online", send);

  const waiting = new Set(jobs.map((job) => job.item.id));
  left -= queue.length;
  queue = queue.filter((item) => !waiting.has(item.id));
  left += queue.length;
  show();
  prefetch();
  send();
})();

// The playground: asks the server for speech, plays one voice or two in turn, keeps the draft.
(() => {
  const form = document.getElementById("playground");
  if (!form) return;
  const POLL_MS = 1000;
  const LONGEST_WAIT_MS = 300000;
  const DRAFT = "playground-draft";
  const { text, speed, format } = form.elements;
  const sides = new Map();
  const token = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  // Voices and their parts, spoken as one: two to four, written "ef_dora(2)+em_alex(1)".
  class Mix {
    constructor(box) {
      this.box = box;
      this.list = box.querySelector("ol");
      this.add = box.querySelector("[data-mix-add]");
      this.add.addEventListener("click", () => { this.append().querySelector("select").focus(); changed(); });
      this.list.addEventListener("click", (event) => {
        const button = event.target.closest("[data-mix-remove]");
        if (!button) return;
        button.closest("li").remove();
        this.add.focus();
        changed();
      });
    }

    get parts() {
      return [...this.list.children].map((row) => ({
        row, name: row.querySelector("select").value, parts: Number(row.querySelector("input").value),
      }));
    }

    get value() {
      return this.parts.map(({ name, parts }) => `${name}(${parts})`).join("+");
    }

    set value(written) {
      this.list.replaceChildren();
      for (const part of written.split("+")) {
        const [, name, parts] = /^([^(]+)(?:\(([\d.]+)\))?$/.exec(part) ?? [];
        if (name) this.append(name, parts);
      }
    }

    get isAlike() {
      return new Set(this.parts.map(({ name }) => name)).size < this.list.children.length;
    }

    append(name, parts = 1) {
      const taken = this.parts.map((part) => part.name);
      const row = document.getElementById("mix-part").content.cloneNode(true).firstElementChild;
      const names = [...row.querySelector("select").options].map((option) => option.value);
      row.querySelector("select").value = name ?? names.find((one) => !taken.includes(one));
      row.querySelector("input").value = parts;
      this.list.append(row);
      return row;
    }

    // Shows it or not; says the share of each voice.
    show(isShown) {
      this.box.hidden = !isShown;
      while (isShown && this.list.children.length < 2) this.append();
      const total = this.parts.reduce((sum, { parts }) => sum + parts, 0);
      for (const { row, parts } of this.parts) {
        const share = (parts / total).toLocaleString(document.documentElement.lang, { style: "percent" });
        row.querySelector("output").textContent = share;
        row.querySelector("input").setAttribute("aria-valuetext", share);
        row.querySelector("[data-mix-remove]").disabled = this.list.children.length <= 2;
      }
      const most = Math.min(4, document.getElementById("mix-part").content.querySelectorAll("option").length);
      this.add.disabled = this.list.children.length >= most;
    }
  }

  // One voice: its select, its button, its player, what is said about it.
  class Side {
    constructor(box) {
      this.box = box;
      this.select = box.querySelector("select");
      this.button = box.querySelector("[data-play]");
      this.status = box.querySelector("[data-status]");
      this.download = box.querySelector("[data-download]");
      this.mix = new Mix(box.querySelector("[data-mix]"));
      this.turn = 0; // counts requests: an answer to an earlier one is dropped
      this.button.addEventListener("click", () => this.play());
    }

    get voice() {
      return this.select.value === "mix" ? `voice:${this.mix.value}` : this.select.value;
    }

    // A voice that is not offered leaves the choice as it is.
    set voice(value) {
      const isMix = value.startsWith("voice:") && value.includes("+");
      const wanted = isMix ? "mix" : value;
      if (![...this.select.options].some((option) => option.value === wanted)) return;
      this.select.value = wanted;
      if (isMix) this.mix.value = value.slice("voice:".length);
    }

    say(words, isFault = false) {
      this.status.textContent = words;
      this.status.classList.toggle("is-fault", isFault);
    }

    // Shows the seconds of waiting until the returned function is called.
    count(words) {
      const begun = performance.now();
      const show = () => this.say(words.replace("{s}", Math.round((performance.now() - begun) / 1000)));
      clearInterval(this.timer); // of an earlier request that was given up
      show();
      this.timer = setInterval(show, POLL_MS);
      return () => clearInterval(this.timer);
    }

    get asked() {
      const body = new URLSearchParams({ text: text.value, voice: this.voice });
      body.set("speed", speed.value);
      body.set("format", format.value);
      return body;
    }

    // Has the text spoken and plays it; resolves once the sound has ended, false if there is none.
    async play({ showsCall = true } = {}) {
      if (!this.select.value || !checked()) return false;
      if (this.select.value === "mix" && this.mix.isAlike) {
        this.say(form.dataset.alike, true);
        return false;
      }
      const asked = this.asked.toString();
      if (this.audio && this.spoken === asked) return this.sound();
      this.turn += 1;
      const turn = this.turn;
      this.box.classList.add("is-speaking");
      try {
        const state = await this.ask(asked, turn);
        if (!state || turn !== this.turn) return false;
        this.spoken = asked;
        if (showsCall) showCalls(state.call);
        return await this.first(state);
      } finally {
        if (turn === this.turn) this.box.classList.remove("is-speaking");
      }
    }

    async ask(asked, turn) {
      const begun = performance.now();
      let state = await send(form.action, { method: "POST", body: new URLSearchParams(asked) });
      const stop = state?.state === "waiting" ? this.count(form.dataset.waiting) : () => {};
      while (state?.state === "waiting" && turn === this.turn) {
        if (performance.now() - begun > LONGEST_WAIT_MS) state = { error: form.dataset.late };
        else if (state.unanswered) state = { error: form.dataset.unanswered };
        else {
          await wait(POLL_MS);
          state = await send(state.address);
        }
      }
      stop();
      if (state?.error && turn === this.turn) this.say(state.error, true);
      return state?.error ? null : state;
    }

    // Plays a sound for the first time; one of the speech service arrives while it is spoken.
    async first(state) {
      const made = document.getElementById("player").content.cloneNode(true);
      const player = made.querySelector("sound-player");
      this.audio = made.querySelector("audio");
      this.audio.src = state.sound;
      player.dataset.name = this.select.selectedOptions[0].textContent.trim();
      this.watch(state);
      this.box.querySelector("[data-player]").replaceChildren(made);
      this.download.href = `${state.sound}?save=1`;
      this.download.hidden = false;
      return this.sound();
    }

    watch(state) {
      const begun = performance.now();
      const stop = this.count(form.dataset.speaking);
      this.audio.addEventListener("playing", () => {
        stop();
        this.say(form.dataset.spoken.replace("{s}", seconds(performance.now() - begun)));
      }, { once: true });
      this.audio.addEventListener("error", () => this.explain(state, stop), { once: true });
      for (const name of ["suspend", "pause"]) {
        this.audio.addEventListener(name, () => { renewHistory(); this.draw(state); });
      }
    }

    // The sound is drawn by the server, once all of it has come.
    draw(state) {
      const player = this.box.querySelector("sound-player");
      if (player.querySelector(".player-wave > svg")) return;
      player.dataset.waveform = state.waveform;
      player.fetchWaveform();
    }

    async explain(state, stop) {
      stop();
      this.spoken = null;
      this.download.hidden = true;
      const now = await send(state.address);
      this.say(now?.error || form.dataset.unplayable, true);
    }

    // Plays from the start; resolves to whether it came to its end.
    sound() {
      const { audio } = this;
      return new Promise((done) => {
        audio.addEventListener("ended", () => done(true), { once: true });
        audio.addEventListener("error", () => done(false), { once: true });
        audio.currentTime = 0;
        audio.play().catch(() => done(false));
      });
    }
  }

  async function send(url, options = {}) {
    const headers = { "X-CSRFToken": token(), "X-Requested-With": "fetch" };
    const answer = await fetch(url, { ...options, headers }).catch(() => null);
    const found = await answer?.json().catch(() => null);
    return found ?? { error: form.dataset.lost };
  }

  const seconds = (ms) => (ms / 1000).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });

  // Both voices are asked for at once; the second plays after the first.
  async function playAll() {
    const [a, b] = [...sides.values()];
    const second = b.select.value ? b.ask(b.asked.toString(), b.turn) : null;
    if (await a.play()) await second?.then(() => b.play({ showsCall: false }));
  }

  function checked() {
    const error = document.getElementById("text-error");
    error.textContent = text.value.trim() ? "" : form.dataset.empty;
    error.hidden = Boolean(text.value.trim());
    if (!error.hidden) text.focus();
    return error.hidden;
  }

  function count() {
    const candidate = [...sides.values()].some((side) => side.voice.startsWith("pack:"));
    const most = Number(candidate ? form.dataset.candidateLimit : form.dataset.limit);
    form.querySelector("[data-count]").textContent = text.value.length;
    form.querySelector("[data-max]").textContent = most;
    form.querySelector("#text-count").classList.toggle("bad", text.value.length > most);
  }

  function showCalls(call) {
    document.getElementById("call-curl").textContent = call.curl;
    document.getElementById("call-python").textContent = call.python;
    document.getElementById("call-note").hidden = !call.candidate;
  }

  // Does nothing while an entry plays: it would stop.
  async function renewHistory() {
    const place = document.getElementById("history");
    const answer = await fetch(form.dataset.history).catch(() => null);
    if (!answer?.ok || answer.redirected) return;
    const fresh = await answer.text();
    if (![...place.querySelectorAll("audio")].some((audio) => !audio.paused)) place.innerHTML = fresh;
  }

  function styleChoose(key) {
    const [a, b] = [...sides.values()];
    const of = (side) => [...side.select.options].filter((option) => option.dataset.style === key);
    const first = of(a)[0];
    if (!first) return;
    a.select.value = first.value;
    if (b.select.selectedOptions[0]?.dataset.style) {
      const other = of(b).find((option) => option.value !== first.value);
      b.select.value = other?.value ?? "";
    }
    changed();
  }

  function changed() {
    const key = [...sides.values()][0].select.selectedOptions[0]?.dataset.style;
    for (const button of form.querySelectorAll("button[data-style]")) {
      button.setAttribute("aria-pressed", String(button.dataset.style === key));
    }
    const b = sides.get("b");
    b.button.disabled = !b.select.value;
    for (const side of sides.values()) side.mix.show(side.select.value === "mix");
    count();
    const draft = Object.fromEntries([text, speed, format].map((field) => [field.id, field.value]));
    for (const [name, side] of sides) draft[`voice-${name}`] = side.voice;
    sessionStorage.setItem(DRAFT, JSON.stringify(draft));
  }

  function restore() {
    if (new URLSearchParams(location.search).size) return; // a link says what to play
    const draft = JSON.parse(sessionStorage.getItem(DRAFT) ?? "{}");
    for (const [name, side] of sides) side.voice = draft[`voice-${name}`] ?? side.voice;
    for (const field of [text, speed, format]) {
      const value = draft[field.id];
      const offered = field === text || [...field.options].some((option) => option.value === value);
      if (value !== undefined && offered) field.value = value;
    }
  }

  function takeUp({ text: words, voice, speed: rate, format: kind }) {
    text.value = words;
    sides.get("a").voice = voice;
    speed.value = [...speed.options].find((option) => Number(option.value) === Number(rate))?.value ?? "1";
    format.value = kind;
    changed();
    text.focus();
  }

  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    const done = await navigator.clipboard?.writeText(source.textContent).then(() => true, () => false);
    if (!done) {
      getSelection().selectAllChildren(source); // without HTTPS there is no clipboard
      document.execCommand("copy");
    }
    const label = button.querySelector("span");
    const before = label.textContent;
    label.textContent = form.dataset.copied;
    setTimeout(() => { label.textContent = before; }, 2000);
  }

  for (const box of form.querySelectorAll("[data-side]")) sides.set(box.dataset.side, new Side(box));
  restore();
  changed();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    playAll();
  });
  form.addEventListener("input", changed);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.style && form.contains(button)) styleChoose(button.dataset.style);
    else if (button?.dataset.copy) copy(button);
    else if (button && "again" in button.dataset) takeUp(button.dataset);
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    playAll();
  });
  const typing = "input:not([type=range]), textarea, select, button, a, summary, sound-player";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest(typing)) return;
    const side = sides.get(event.key.toLowerCase());
    if (side) side.play();
    else if (event.key === " " && ![...document.querySelectorAll("audio")].some((audio) => !audio.paused)) {
      event.preventDefault();
      event.stopPropagation(); // player.js would only play the last sound again
      playAll();
    }
  }, { capture: true });
})();

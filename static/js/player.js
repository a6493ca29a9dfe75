// The audio player of all pages: play, waveform, cursor, time; one sound at a time; space plays.
// <sound-player data-play data-pause data-seek data-failed [data-waveform=URL] [data-duration=S]>
//   <audio controls preload="none" src=URL></audio> [<svg> waveform] </sound-player>
(() => {
  let current = null;

  const point = (0.1).toLocaleString(document.documentElement.lang || undefined).charAt(1);

  const clock = (seconds) => {
    if (!Number.isFinite(seconds)) return "–:––";
    const whole = Math.floor(seconds);
    const tenths = Math.floor((seconds - whole) * 10);
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}${point}${tenths}`;
  };

  const SHAPES = { play: "M5 2.500v15l13-7.500z", pause: "M4 2.500h4v15H4zM12 2.500h4v15h-4z" };

  function glyph(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 20 20");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", SHAPES[name]);
    svg.append(path);
    return svg;
  }

  function make(tag, className) {
    const node = document.createElement(tag);
    node.className = className;
    return node;
  }

  class SoundPlayer extends HTMLElement {
    connectedCallback() {
      if (this.ready) return;
      this.audio = this.querySelector("audio");
      if (!this.audio) return;
      this.ready = true;
      this.build();
      this.listen();
      this.draw();
      if (this.dataset.waveform && !this.querySelector(".player-wave > svg")) this.lookForWaveform();
    }

    disconnectedCallback() {
      this.audio?.pause();
      this.watcher?.disconnect();
      if (current === this) current = null;
    }

    build() {
      const drawn = this.querySelector(":scope > svg, .player-svg > svg");
      this.audio.controls = false;
      this.audio.hidden = true;
      this.button = make("button", "player-btn");
      this.button.type = "button";
      this.wave = make("div", "player-wave");
      if (drawn) this.wave.append(drawn);
      else this.wave.append(make("div", "flat"));
      this.played = make("div", "played");
      this.range = make("input", "");
      Object.assign(this.range, { type: "range", min: 0, max: 1000, step: 1, value: 0 });
      this.range.setAttribute("aria-label", `${this.dataset.seek}: ${this.dataset.name ?? ""}`);
      this.wave.append(this.played, this.range);
      this.time = make("div", "player-time");
      const box = make("div", "player");
      box.append(this.button, this.wave, this.time);
      this.append(box);
    }

    listen() {
      const { audio } = this;
      this.button.addEventListener("click", () => this.toggle());
      this.range.addEventListener("input", () => this.seek(this.range.value / 1000));
      for (const name of ["pause", "ended", "loadedmetadata", "seeked"]) {
        audio.addEventListener(name, () => this.draw());
      }
      audio.addEventListener("play", () => {
        if (current && current !== this) current.audio.pause();
        current = this;
        this.follow();
      });
      audio.addEventListener("error", () => this.fail());
    }

    get length() {
      const known = this.audio.duration;
      return Number.isFinite(known) ? known : Number(this.dataset.duration);
    }

    toggle() {
      if (this.audio.paused) this.audio.play().catch(() => this.draw());
      else this.audio.pause();
    }

    seek(share) {
      if (!Number.isFinite(this.length)) return;
      this.audio.currentTime = share * this.length;
      this.draw();
    }

    follow() {
      this.draw();
      if (!this.audio.paused) requestAnimationFrame(() => this.follow());
    }

    draw() {
      const { audio, length } = this;
      const share = length > 0 ? Math.min(1, audio.currentTime / length) : 0;
      this.played.style.setProperty("--at", share);
      this.played.style.setProperty("--shown", audio.currentTime > 0 ? 1 : 0);
      if (document.activeElement !== this.range || !audio.paused) this.range.value = share * 1000;
      this.range.setAttribute("aria-valuetext", `${clock(audio.currentTime)} / ${clock(length)}`);
      const state = audio.paused ? "play" : "pause";
      if (this.button.dataset.state !== state) {
        this.button.dataset.state = state;
        this.button.replaceChildren(glyph(state));
        this.button.setAttribute("aria-label", `${this.dataset[state]}: ${this.dataset.name ?? ""}`);
      }
      this.say(clock(audio.currentTime), clock(length), this.dataset.level);
    }

    say(now, whole, level) {
      if (this.classList.contains("failed")) return;
      const text = `${now} / ${whole}`;
      if (this.time.dataset.text === text) return;
      this.time.dataset.text = text;
      const strong = make("b", "");
      strong.textContent = now;
      this.time.replaceChildren(strong, level ? `${whole} · ${level}` : whole);
    }

    fail() {
      this.classList.add("failed");
      this.button.disabled = true;
      this.time.textContent = this.dataset.failed;
    }

    lookForWaveform() {
      this.watcher = new IntersectionObserver((seen) => {
        if (!seen.some((entry) => entry.isIntersecting)) return;
        this.watcher.disconnect();
        this.fetchWaveform();
      }, { rootMargin: "200px" });
      this.watcher.observe(this);
    }

    async fetchWaveform() {
      const answer = await fetch(this.dataset.waveform, { credentials: "same-origin" }).catch(() => null);
      const isDrawing = answer?.ok && answer.headers.get("Content-Type")?.startsWith("image/svg"); // not the sign-in page
      const text = isDrawing ? await answer.text().catch(() => "") : "";
      if (!text) return;
      const drawing = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
      if (drawing.nodeName !== "svg") return;
      this.wave.querySelector(".flat")?.remove();
      this.wave.prepend(document.importNode(drawing, true));
      this.dataset.duration ??= drawing.dataset.duration;
      this.draw();
    }
  }

  customElements.define("sound-player", SoundPlayer);

  const typing = "input:not([type=range]), textarea, select, button, a, summary, [contenteditable]";
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest(typing)) return;
    const player = event.target.closest("sound-player") ?? current ?? document.querySelector("sound-player");
    if (!player?.audio) return;
    event.preventDefault();
    player.toggle();
  });
})();

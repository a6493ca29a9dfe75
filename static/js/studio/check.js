// The microphone check: level, noise floor, clipping, processing, device.
const QUIET_DB = -50;
const MIN_LEVELS = 40; // blocks needed for the noise floor: about a second
const capitalized = (name) => name.charAt(0).toUpperCase() + name.slice(1);

const ERRORS = { NotAllowedError: "micDenied", NotFoundError: "micNone", insecure: "micInsecure" };

export class Check {
  constructor(words, at) {
    Object.assign(this, { words, at, drawn: 0, clipped: false });
    this.box = at("check");
    this.box.open = localStorage.getItem("studio-check") !== "passed"; // once passed, one line
    this.passed = false;
  }

  async opened(microphone) {
    this.sr = microphone.sr;
    Object.assign(this, { clipped: false, passed: false, faults: {} });
    this.box.hidden = false;
    this.at("format").textContent = this.words.format.replace("{n}", this.sr);
    this.processing(microphone.processing());
    await this.devices(microphone.settings.deviceId);
  }

  failed(error) {
    const box = this.at("mic-error");
    box.textContent = this.words[ERRORS[error.name] ?? "micBusy"];
    box.hidden = false;
  }

  processing({ on, unknown }) {
    const { words } = this;
    const named = (names) => names.map((name) => words[`name${capitalized(name)}`]).join(", ");
    let text = words.processingOff;
    if (unknown.length) text = words.processingUntold.replace("{names}", named(unknown));
    if (on.length) text = words.processingOn.replace("{names}", named(on));
    this.faults.processing = on.length > 0;
    this.set("processing", text, on.length || unknown.length ? "warn" : "good");
  }

  async devices(chosen) {
    const found = (await navigator.mediaDevices.enumerateDevices()).filter(
      (device) => device.kind === "audioinput",
    );
    const options = found.map(
      (device, i) =>
        new Option(
          device.label || this.words.device.replace("{n}", i + 1),
          device.deviceId,
          false,
          device.deviceId === chosen,
        ),
    );
    this.at("device").replaceChildren(...options);
  }

  // Updates the display, at most ten times a second.
  show({ rms, peak, clipped }, microphone) {
    this.clipped ||= clipped;
    this.peak = Math.max(this.peak ?? -120, peak);
    const now = performance.now();
    if (now - this.drawn < 100) return;
    this.drawn = now;
    this.at("level").value = this.peak;
    this.at("db").textContent = `${Math.round(this.peak)} dBFS`;
    this.peak = rms;
    this.set("clip", this.clipped ? this.words.clipSome : this.words.clipNone, this.clipped ? "bad" : "good");
    this.faults.clip = this.clipped;
    if (microphone.levels.length >= MIN_LEVELS) this.floor(microphone.floor());
  }

  floor(level) {
    const quiet = level <= QUIET_DB;
    const text = quiet ? this.words.floorQuiet : this.words.floorLoud;
    this.set("floor", text.replace("{n}", Math.round(level)), quiet ? "good" : "warn");
    this.faults.noise = !quiet;
    this.conclude();
  }

  // Says on one line how the check stands; folds it when it passes, and leaves it to the reader then.
  conclude() {
    const fault = ["clip", "noise", "processing"].find((name) => this.faults[name]);
    const word = this.words[fault ? `check${capitalized(fault)}` : "checkPassed"];
    this.set("check-state", word, fault ? "warn" : "good");
    if (fault || this.passed) return;
    this.passed = true;
    this.box.open = false;
    localStorage.setItem("studio-check", "passed");
  }

  set(id, text, tone) {
    const node = this.at(id);
    if (node.textContent !== text) node.textContent = text;
    node.className = tone;
  }
}

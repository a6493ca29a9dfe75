// Sends stored takes one by one; deletes each once the server has confirmed its hash.
import * as store from "./store.js";

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 30000;
const TIMEOUT_MS = 60000;
const LOCK = "voicelab-studio"; // one tab sends at a time

const cookie = (name) =>
  document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);

export class Queue {
  constructor({ url, speaker, onChange, onStored, onRefused }) {
    Object.assign(this, { url, speaker, onChange, onStored, onRefused });
    this.inMemory = new Map(); // takes that the browser could not store
    this.delay = FIRST_DELAY_MS;
    this.trouble = "";
    addEventListener("online", () => this.wake());
    addEventListener("offline", () => this.fail("waiting"));
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
  }

  async all() {
    const kept = await store.all().catch(() => []);
    return [...kept, ...this.inMemory.values()]
      .filter((take) => take.speaker === this.speaker)
      .sort((a, b) => a.made - b.made);
  }

  // Returns whether the take is stored and survives closing the page.
  async add(take) {
    const kept = await store.put(take).then(() => true, () => false);
    if (!kept) this.inMemory.set(take.uuid, take);
    await this.notify();
    this.wake();
    return kept;
  }

  async update(take) {
    if (this.inMemory.has(take.uuid)) this.inMemory.set(take.uuid, take);
    else await store.put(take);
  }

  async drop(uuid) {
    if (!this.inMemory.delete(uuid)) await store.remove(uuid);
    await this.notify();
  }

  async retry(take) {
    await this.update({ ...take, refused: "" });
    this.wake();
  }

  wake() {
    clearTimeout(this.timer);
    if (this.busy) this.more = true;
    else this.work();
  }

  async work() {
    this.busy = true;
    this.more = false;
    try {
      await navigator.locks.request(LOCK, () => this.sendAll());
    } finally {
      this.busy = false;
      await this.notify();
    }
    if (this.more) this.wake();
  }

  async sendAll() {
    for (let take = await this.next(); take; take = await this.next()) {
      await this.notify();
      const outcome = await this.send(take);
      if (outcome.kind !== "stored" && outcome.kind !== "refused") return this.fail(outcome.kind);
      this.trouble = "";
      this.delay = FIRST_DELAY_MS;
      if (outcome.kind === "stored") {
        await this.drop(take.uuid);
        this.onStored(take, outcome);
      } else {
        await this.update({ ...take, refused: outcome.refused });
        this.onRefused(take, outcome.refused);
      }
    }
  }

  async next() {
    return (await this.all()).find((take) => !take.refused);
  }

  fail(kind) {
    this.trouble = kind;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.wake(), this.delay * (0.75 + 0.5 * Math.random()));
    this.delay = Math.min(LONGEST_DELAY_MS, 2 * this.delay);
    this.notify();
  }

  async notify() {
    const takes = await this.all();
    const refused = takes.filter((take) => take.refused);
    this.onChange({ waiting: takes.length - refused.length, refused, trouble: this.trouble });
  }

  async send(take) {
    const form = new FormData();
    for (const name of ["uuid", "speaker", "sentence", "style", "sha256"]) form.append(name, take[name]);
    form.append("file", new Blob([take.wav], { type: "audio/wav" }), `${take.uuid}.wav`);
    try {
      const answer = await fetch(this.url, {
        method: "POST",
        body: form,
        redirect: "manual",
        headers: { "X-CSRFToken": cookie("csrftoken") ?? "" },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (answer.type === "opaqueredirect" || answer.status === 403) return { kind: "signin" };
      if (answer.status === 507) return { kind: "full" };
      const body = await answer.json();
      if (answer.ok && body.sha256 === take.sha256) return { kind: "stored", ...body };
      if (answer.status === 422) return { kind: "refused", refused: body.refused };
    } catch {
      // no connection, no server or a partial response: the take stays queued
    }
    return { kind: "waiting" };
  }
}

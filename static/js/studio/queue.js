// Sends kept takes one by one until the server confirms each with its hash; forgets them then.
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
    this.unkept = new Map(); // takes of a browser that cannot keep any
    this.delay = FIRST_DELAY_MS;
    this.trouble = "";
    addEventListener("online", () => this.kick());
    addEventListener("offline", () => this.fail("waiting"));
    document.addEventListener("visibilitychange", () => document.hidden || this.kick());
  }

  async all() {
    const kept = await store.all().catch(() => []);
    return [...kept, ...this.unkept.values()]
      .filter((take) => take.speaker === this.speaker)
      .sort((a, b) => a.made - b.made);
  }

  // Returns whether the take would outlive this page.
  async add(take) {
    const kept = await store.put(take).then(() => true, () => false);
    if (!kept) this.unkept.set(take.uuid, take);
    await this.tell();
    this.kick();
    return kept;
  }

  async update(take) {
    if (this.unkept.has(take.uuid)) this.unkept.set(take.uuid, take);
    else await store.put(take);
  }

  async drop(uuid) {
    if (!this.unkept.delete(uuid)) await store.remove(uuid);
    await this.tell();
  }

  async again(take) {
    await this.update({ ...take, refused: "" });
    this.kick();
  }

  kick() {
    clearTimeout(this.timer);
    if (this.busy) this.more = true;
    else this.work();
  }

  async work() {
    this.busy = true;
    this.more = false;
    try {
      await navigator.locks.request(LOCK, () => this.drain());
    } finally {
      this.busy = false;
      await this.tell();
    }
    if (this.more) this.kick();
  }

  async drain() {
    for (let take = await this.next(); take; take = await this.next()) {
      await this.tell();
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
    this.timer = setTimeout(() => this.kick(), this.delay * (0.75 + 0.5 * Math.random()));
    this.delay = Math.min(LONGEST_DELAY_MS, 2 * this.delay);
    this.tell();
  }

  async tell() {
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
      const said = await answer.json();
      if (answer.ok && said.sha256 === take.sha256) return { kind: "stored", ...said };
      if (answer.status === 422) return { kind: "refused", refused: said.refused };
    } catch {
      // no connection, no server, half an answer: the take stays and is sent again
    }
    return { kind: "waiting" };
  }
}

// Plays the sounds of a trial in step, one audible at a time; notes which parts were heard.
const FADE_S = 0.008; // no click when sounds are switched
const PARTS = 50; // of a sound's duration
const ENOUGH = 0.96; // share of the parts that counts as the whole

export class Switcher {
  constructor({ onChange, onHeard }) {
    this.context = new AudioContext();
    this.onChange = onChange;
    this.onHeard = onHeard;
    this.loop = false;
    this.ahead = new Map(); // decoded sounds of the next trial, by address
    this.clear();
    setInterval(() => this.tick(), 40);
  }

  clear() {
    this.stop();
    this.trial = (this.trial ?? 0) + 1;
    this.sounds = new Map();
    this.offset = 0;
    this.audible = null;
  }

  // Fetches and decodes the sounds of all sides; does nothing if another trial came meanwhile.
  async load(sides) {
    const { trial } = this;
    const decoded = await Promise.all(sides.map(async ({ src }) => {
      const ahead = await this.ahead.get(src)?.catch(() => null);
      return ahead ?? this.decode(src);
    }));
    if (trial !== this.trial) return;
    sides.forEach(({ side, played }, number) => {
      this.sounds.set(side, { buffer: decoded[number], parts: new Set(), heard: played });
    });
    this.audible = sides.find(({ side }) => side === "a")?.side ?? sides[0].side;
  }

  async decode(src) {
    const answer = await fetch(src, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    return this.context.decodeAudioData(await answer.arrayBuffer());
  }

  // Fetches the sounds of the next trial while this one is listened to; a fault shows when it comes.
  fetchAhead(sources) {
    this.ahead = new Map(sources.map((src) => [src, this.ahead.get(src) ?? this.decode(src)]));
    for (const sound of this.ahead.values()) sound.catch(() => {});
  }

  get duration() {
    return Math.max(0, ...[...this.sounds.values()].map(({ buffer }) => buffer.duration));
  }

  get isPlaying() {
    return Boolean(this.sources);
  }

  get position() {
    if (!this.isPlaying) return this.offset;
    const elapsed = Math.max(0, this.context.currentTime - this.startedAt); // it starts a little later
    const at = this.offset + elapsed;
    return this.loop ? at % this.duration : Math.min(at, this.duration);
  }

  async play() {
    if (this.isPlaying || !this.sounds.size) return;
    await this.context.resume();
    if (this.isPlaying || !this.sounds.size) return; // asked for twice, or another trial came meanwhile
    if (this.offset >= this.duration - 0.02) this.offset = 0;
    const when = this.context.currentTime + 0.03;
    this.sources = new Map();
    for (const [side, sound] of this.sounds) {
      const source = new AudioBufferSourceNode(this.context, { buffer: sound.buffer, loop: this.loop });
      const gain = new GainNode(this.context, { gain: side === this.audible ? 1 : 0 });
      source.connect(gain).connect(this.context.destination);
      source.start(when, this.offset);
      this.sources.set(side, { source, gain });
    }
    this.startedAt = when;
    this.last = this.offset;
    this.onChange();
  }

  stop() {
    if (!this.isPlaying) return;
    this.note();
    this.offset = this.position;
    for (const { source } of this.sources.values()) source.stop();
    this.sources = null;
    this.onChange();
  }

  async restart() {
    const wasPlaying = this.isPlaying;
    this.stop();
    if (wasPlaying) await this.play();
  }

  seek(share) {
    const wasPlaying = this.isPlaying;
    this.stop();
    this.offset = share * this.duration;
    if (wasPlaying) this.play();
    this.onChange();
  }

  // Makes another side audible at the same position; starts playing if nothing plays.
  choose(side) {
    if (!this.sounds.has(side)) return;
    this.note();
    this.audible = side;
    for (const [name, { gain }] of this.sources ?? []) {
      gain.gain.setTargetAtTime(name === side ? 1 : 0, this.context.currentTime, FADE_S / 3);
    }
    if (this.isPlaying) this.onChange();
    else this.play();
  }

  async setLoop(loop) {
    this.note();
    const at = this.position;
    this.loop = loop;
    if (!this.isPlaying) return;
    this.stop();
    this.offset = at;
    await this.play();
  }

  tick() {
    if (!this.isPlaying) return;
    this.note();
    if (!this.loop && this.position >= this.duration) this.stop();
    else this.onChange();
  }

  // Has a side played again, whose first time the server does not know of.
  forget(side) {
    const sound = this.sounds.get(side);
    if (sound) Object.assign(sound, { heard: false, parts: new Set() });
  }

  // Marks the parts of the audible sound between the last position and this one.
  note() {
    const sound = this.sounds?.get(this.audible);
    if (!this.isPlaying || !sound) return;
    const now = this.position;
    const isRound = this.loop && now < this.last;
    if (isRound) this.mark(sound, this.last, this.duration);
    this.mark(sound, isRound ? 0 : this.last, now);
    this.last = now;
    if (!sound.heard && sound.parts.size >= ENOUGH * PARTS) {
      sound.heard = true;
      this.onHeard(this.audible);
    }
  }

  mark(sound, from, to) {
    const size = this.duration / PARTS;
    for (let part = Math.floor(from / size); part < PARTS && part * size < to; part += 1) sound.parts.add(part);
  }
}

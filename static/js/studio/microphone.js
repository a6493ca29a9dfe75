// The microphone: opened without processing; its level; takes with half a second around them.
const PROCESSING_OFF = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const MARGIN_S = 0.5;
const FLOOR_WINDOW_S = 5;
const FULL_SCALE = 0.999;

const db = (amplitude) => Math.max(-120, 20 * Math.log10(amplitude));

export class Microphone {
  constructor({ worklet, onLevel, onLongest, onLost }) {
    Object.assign(this, { worklet, onLevel, onLongest, onLost });
    this.before = [];
    this.levels = [];
  }

  get isOpen() {
    return this.stream?.active ?? false;
  }

  async open(deviceId) {
    this.close();
    const device = deviceId ? { deviceId: { exact: deviceId } } : {};
    const audio = { ...PROCESSING_OFF, channelCount: 1, ...device };
    this.stream = await navigator.mediaDevices.getUserMedia({ audio });
    const [track] = this.stream.getAudioTracks();
    track.addEventListener("ended", () => this.onLost());
    this.settings = track.getSettings();
    await this.listen();
    return this.settings;
  }

  async listen() {
    const { sampleRate } = this.settings;
    this.context = new AudioContext(sampleRate ? { sampleRate } : {});
    await this.context.audioWorklet.addModule(this.worklet);
    const node = new AudioWorkletNode(this.context, "capture", {
      channelCount: 1,
      channelCountMode: "explicit",
    });
    node.port.onmessage = ({ data }) => this.receive(data);
    const mute = new GainNode(this.context, { gain: 0 });
    this.context.createMediaStreamSource(this.stream).connect(node).connect(mute);
    mute.connect(this.context.destination); // so that every browser runs the node
    await this.context.resume();
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.context?.close();
    Object.assign(this, { stream: null, context: null, before: [], levels: [], taken: null });
  }

  get sr() {
    return this.context.sampleRate;
  }

  // Names of the processing that the browser keeps on, and of that with an unknown state.
  processing() {
    const names = Object.keys(PROCESSING_OFF);
    return {
      on: names.filter((name) => ![false, undefined].includes(this.settings[name])),
      unknown: names.filter((name) => this.settings[name] === undefined),
    };
  }

  // Level of the quietest tenth of the last five seconds, dBFS.
  floor() {
    const sorted = [...this.levels].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 10)];
  }

  // Counts samples up to the longest take: a hidden tab has no animation frames, and slow timers.
  record(longestS) {
    this.taken = [...this.before];
    this.left = Infinity;
    this.longest = longestS * this.sr;
  }

  // Resolves with the blocks of the take, after half a second more.
  stop() {
    this.left = MARGIN_S * this.sr;
    return new Promise((resolve) => {
      this.done = resolve;
    });
  }

  // Ends the take now and returns its blocks.
  finish() {
    const { taken, done } = this;
    this.taken = null;
    this.done = null;
    done?.(taken);
    return taken;
  }

  receive(block) {
    let [peak, power] = [0, 0];
    for (const sample of block) {
      peak = Math.max(peak, Math.abs(sample));
      power += sample * sample;
    }
    const rms = db(Math.sqrt(power / block.length));
    this.levels.push(rms);
    if (this.levels.length > (FLOOR_WINDOW_S * this.sr) / block.length) this.levels.shift();
    this.before.push(block);
    if ((this.before.length - 1) * block.length >= MARGIN_S * this.sr) this.before.shift();
    if (this.taken) this.keep(block);
    this.onLevel({ rms, peak: db(peak), clipped: peak >= FULL_SCALE });
  }

  keep(block) {
    this.taken.push(block);
    this.left -= block.length;
    this.longest -= block.length;
    if (this.left <= 0) this.finish();
    else if (this.longest <= 0 && this.left === Infinity) this.onLongest();
  }
}

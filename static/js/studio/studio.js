// The studio page: keys, prompts and messages; connects microphone, queue and server.
import { Check } from "./check.js";
import { Microphone } from "./microphone.js";
import { Queue } from "./queue.js";
import { QueueView } from "./queueview.js";
import { encodeWav, sha256 } from "./wav.js";

const LONGEST_S = 28.5; // the server accepts up to 30 s, with half a second and more around a take
const root = document.getElementById("studio");
const words = root.dataset;
const at = (id) => document.getElementById(`studio-${id}`);
const prompts = [...root.querySelectorAll(".studio-prompt")];
const recordLabel = root.querySelector(".studio-label");

const check = new Check(words, at);
const view = new QueueView(words, at);
const microphone = new Microphone({
  worklet: words.worklet,
  onLevel: (level) => check.show(level, microphone),
  onLongest: () => stop(),
  onLost: lost,
});
const queue = new Queue({
  url: words.store,
  speaker: Number(words.speaker),
  onChange: (state) => view.show(state, queue),
  onStored: stored,
  onRefused: (take, why) => isShown(take) && say(`${words.saidRefused} ${why}`),
});
const sound = new Audio();
const unjudged = [...at("verdict").childNodes];
const tenths = (seconds) =>
  seconds.toLocaleString(document.documentElement.lang, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
let current = 0;
let last = null; // the take just recorded
let started = 0;

// What to press: a key, or on a phone a button.
const touch = matchMedia("(pointer: coarse), (max-width: 47.99rem)");
const byHand = (name) => words[touch.matches ? `${name}Touch` : name];

const state = () => root.dataset.state;
const shown = () => prompts[current];
const isShown = (take) =>
  shown()?.dataset.sentence === take.sentence && shown().dataset.style === take.style;

function say(text, { coach = false } = {}) {
  at("said").classList.toggle("is-coach", coach);
  at("said").textContent = text;
}

function pauseAll() {
  for (const other of [sound, ...document.querySelectorAll("audio")]) other.pause();
}

// Marks a button as disabled without `disabled`, which would take its focus away.
const setDisabled = (name, yes) => at(name).setAttribute("aria-disabled", yes);
const isDisabled = (name) => at(name)?.getAttribute("aria-disabled") === "true";

function enter(next, text = "") {
  root.dataset.state = next;
  const recording = next === "recording";
  recordLabel.textContent = next === "off" ? words.turnOn : recording ? words.stop : words.record;
  setDisabled("record", next === "opening" || next === "closing");
  at("stage").classList.toggle("is-recording", recording);
  for (const name of ["listen", "redo"]) setDisabled(name, next !== "done");
  setDisabled("next", recording || next === "closing");
  at("device").disabled = recording || next === "closing";
  if (text) say(text);
}

async function turnOn(deviceId = localStorage.getItem("studio-device") ?? "") {
  enter("opening");
  at("mic-error").hidden = true;
  try {
    await microphone.open(deviceId).catch((error) => {
      if (error.name === "OverconstrainedError" && deviceId) return microphone.open("");
      throw error;
    });
    await check.opened(microphone);
    enter("ready", byHand("saidReady"));
  } catch (error) {
    check.failed(error);
    enter("off");
  }
}

function record() {
  if (!microphone.isOpen) return turnOn(); // it was lost while the last take was kept
  pauseAll();
  microphone.record(LONGEST_S);
  started = performance.now();
  enter("recording", byHand("saidRecording"));
  tick();
}

function tick() {
  if (state() !== "recording") return;
  const seconds = (performance.now() - started) / 1000;
  at("time").textContent = tenths(seconds);
  requestAnimationFrame(tick);
}

async function stop() {
  enter("closing");
  await keep(await microphone.stop());
}

function lost() {
  const blocks = state() === "recording" ? microphone.finish() : null;
  if (state() === "closing") microphone.finish();
  microphone.close();
  if (blocks?.length) keep(blocks).then(() => enter("off", words.saidLost));
  else enter("off", words.saidLost);
}

async function keep(blocks) {
  const { sentence, style } = shown().dataset;
  const wav = encodeWav(blocks, check.sr);
  last = {
    uuid: crypto.randomUUID(),
    speaker: queue.speaker,
    made: Date.now(),
    sentence,
    style,
    wav,
    sha256: await sha256(wav),
    refused: "",
  };
  URL.revokeObjectURL(sound.src);
  sound.src = URL.createObjectURL(new Blob([wav], { type: "audio/wav" }));
  const kept = await queue.add(last);
  enter("done", kept ? (navigator.onLine ? words.saidKept : words.saidOffline) : words.saidUnkept);
}

function stored(take, { verdict }) {
  if (!isShown(take)) return;
  part("verdict", verdict).then(() => {
    const coach = root.querySelector(".studio-coach")?.textContent;
    if (isShown(take) && state() === "done") say(coach ?? words.saidMeasured, { coach: true });
  });
  history();
}

// Loads a fragment into its place on the page; leaves it unchanged if the request fails.
async function part(name, url) {
  const answer = await fetch(url, { redirect: "error" }).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => null) : null;
  if (text !== null) at(name).innerHTML = text;
}

function history() {
  const { sentence, style } = shown().dataset;
  return part("history", `${words.history}?${new URLSearchParams({ sentence, style })}`);
}

function show(n) {
  prompts.forEach((prompt, i) => {
    prompt.hidden = i !== n;
  });
  current = n;
  at("time").textContent = tenths(0);
  at("verdict").replaceChildren(...unjudged);
  at("history").replaceChildren();
  say("");
  history();
}

// Shows the next sentence; after the last, requests more from the server.
async function next() {
  pauseAll();
  if (current + 1 < prompts.length) {
    show(current + 1);
    enter(microphone.isOpen ? "ready" : "off");
    return;
  }
  const more = await fetch(words.more, { redirect: "error" }).catch(() => null);
  if (more?.ok) location.assign(words.more);
  else say(words.saidNoMore);
}

const actions = {
  record: () => {
    if (state() === "off") turnOn();
    else if (state() === "recording") stop();
    else record();
  },
  listen: () => (sound.paused ? sound.play() : sound.pause()),
  redo: record,
  next,
};
const KEYS = { " ": "record", l: "listen", r: "redo", n: "next" };

function listen() {
  for (const name of Object.keys(actions)) {
    at(name).addEventListener("click", (event) => {
      if (!isDisabled(name)) actions[name]();
      if (event.detail) at("stage").focus({ preventScroll: true }); // after a mouse click, for the keys
    });
  }
  at("device").addEventListener("change", () => {
    localStorage.setItem("studio-device", at("device").value);
    turnOn(at("device").value);
  });

  // Captured before the players' handler of the space key; controls keep the keys they need.
  document.addEventListener(
    "keydown",
    (event) => {
      const name = KEYS[event.key.toLowerCase()];
      if (!name || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      const keepsKey = name === "record" ? "button, a, summary, select, input, textarea" : "select, textarea";
      if (event.target.closest(keepsKey)) return;
      event.preventDefault();
      event.stopPropagation();
      if (!isDisabled(name)) actions[name]();
    },
    { capture: true },
  );
}

async function begin() {
  if (!window.isSecureContext) {
    check.failed({ name: "insecure" });
    return;
  }
  if (prompts.length) listen();
  navigator.storage.persist?.();
  const waiting = await queue.all();
  const read = (prompt) =>
    waiting.some((t) => t.sentence === prompt.dataset.sentence && t.style === prompt.dataset.style);
  const first = prompts.findIndex((prompt) => !read(prompt));
  if (prompts.length) show(Math.max(0, first));
  queue.wake();
}

begin();

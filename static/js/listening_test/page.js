// The page of a listener: one trial at a time, keys, votes saved at once.
import { Switcher } from "./switcher.js";

const root = document.getElementById("listening-test");
const find = (id) => document.getElementById(id);
const words = root.dataset;
const sides = [...root.querySelectorAll("[data-side]")];
const answers = [...root.querySelectorAll("[data-value]")];
const RETRY_MS = 700;

let state = JSON.parse(find("state").textContent);
let confirmed = new Set(); // sides the server knows to be played
let busy = false; // an answer is on its way
let loading = false; // the sounds are
let wanted = null; // the side chosen meanwhile
const player = new Switcher({ onChange: draw, onHeard: tell });

const say = (text) => { find("said").textContent = text ?? ""; };
const isReady = () => Boolean(state.trial) && !busy && !loading && state.trial.sides.every(({ side }) => confirmed.has(side));

async function post(url, fields = {}) {
  const token = find("token").querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(url, {
    method: "POST",
    headers: { "X-CSRFToken": token, Accept: "application/json" },
    body: new URLSearchParams(fields),
  });
  const body = await answer.json().catch(() => ({}));
  return { status: answer.status, ok: answer.ok, ...body };
}

// Reports a side as played to its end; too soon by the server's clock is tried again.
async function tell(side) {
  const trial = state.trial;
  draw();
  for (let tries = 0; tries < 8 && trial === state.trial; tries += 1) {
    const answer = await post(trial.played, { side }).catch(() => null);
    if (trial !== state.trial) return;
    if (answer?.ok) {
      confirmed.add(side);
      return draw();
    }
    if (answer && answer.code !== "too_soon") {
      player.forget(side);
      return failed(answer);
    }
    await new Promise((done) => setTimeout(done, RETRY_MS));
  }
  if (trial !== state.trial) return;
  player.forget(side);
  say(words.offline);
  draw();
}

async function vote(value) {
  if (!isReady()) {
    find("hint").classList.add("warn");
    return;
  }
  await change(() => post(state.trial.vote, { value }), words.saved);
}

const undo = () => (state.done ? change(() => post(words.undo), words.undone) : undefined);

async function change(act, done) {
  if (busy) return;
  busy = true;
  draw();
  say(words.saving);
  let answer = null;
  try {
    answer = await act();
  } catch {
    say(words.offline);
  }
  busy = false;
  if (answer?.ok) say(done);
  else if (answer) failed(answer);
  if (answer?.state) await show(answer.state);
  draw();
}

function failed({ status, problem }) {
  say(problem || (status === 401 ? words.signedOut : words.failed));
  if (status === 410) window.location.reload();
}

async function show(next) {
  state = next;
  player.clear();
  const { trial } = state;
  find("done").textContent = state.done;
  find("bar").value = state.done;
  find("undo").disabled = !state.done;
  find("trial").hidden = !trial;
  find("complete").hidden = Boolean(trial);
  if (!trial) return find("complete").querySelector("button").focus();
  confirmed = new Set(trial.sides.filter(({ played }) => played).map(({ side }) => side));
  find("text").textContent = trial.text;
  for (const button of sides) button.hidden = !trial.sides.some(({ side }) => side === button.dataset.side);
  loading = true;
  wanted = null;
  find("hint").textContent = words.loading;
  try {
    await player.load(trial.sides);
  } catch {
    if (next === state) say(words.failed);
  }
  if (next !== state) return;
  loading = false;
  player.fetchAhead(state.ahead);
  if (wanted) player.choose(wanted);
  draw();
}

function choose(side) {
  if (loading) wanted = side;
  else player.choose(side);
}

function draw() {
  if (!player?.sounds) return;
  for (const button of sides) {
    const { side } = button.dataset;
    const heard = Boolean(player.sounds.get(side)?.heard);
    button.setAttribute("aria-pressed", side === player.audible);
    button.classList.toggle("is-heard", heard);
    button.querySelector("[data-part=heard]").textContent = heard ? words.played : words.notPlayed;
  }
  find("play-name").textContent = player.isPlaying ? words.pause : words.play;
  const share = player.duration ? player.position / player.duration : 0;
  if (document.activeElement !== find("position") || player.isPlaying) find("position").value = 1000 * share;
  const ready = isReady();
  for (const button of answers) button.setAttribute("aria-disabled", !ready);
  if (!busy && !loading) find("hint").textContent = ready ? words.ready : words.unheard;
  if (ready) find("hint").classList.remove("warn");
}

const toggle = () => {
  if (loading) wanted = "a";
  else if (player.isPlaying) player.stop();
  else player.play();
};

// A click with the mouse leaves no focus behind, so that the space bar goes on to play and pause.
const click = (button, act) => button.addEventListener("click", (event) => {
  if (event.detail) button.blur();
  act();
});

for (const button of sides) click(button, () => choose(button.dataset.side));
for (const button of answers) click(button, () => vote(button.dataset.value));
find("play").addEventListener("click", toggle);
find("undo").addEventListener("click", undo);
find("loop").addEventListener("change", (event) => player.setLoop(event.target.checked));
find("position").addEventListener("input", (event) => player.seek(event.target.value / 1000));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input:not([type=range], [type=checkbox]), textarea, select")) return;
  const key = event.key.toLowerCase();
  const answer = answers.find((button) => button.dataset.key === key);
  if (key === " " && event.target.closest("button, input:not(#position), a, summary")) return;
  if (key === "u") undo();
  else if (!state.trial) return;
  else if (key === " ") toggle();
  else if (key === "l") find("loop").click();
  else if (["a", "b", "x"].includes(key)) choose(key);
  else if (answer) vote(answer.dataset.value);
  else return;
  event.preventDefault();
});

show(state);

// Shows the queue: the badge, and the refused takes with their buttons.
export class QueueView {
  constructor(words, at) {
    Object.assign(this, { words, at });
    this.list = at("refused").querySelector("ul");
    this.row = at("refused").querySelector("template").content;
  }

  show({ waiting, refused, trouble }, queue) {
    const badge = this.at("queue");
    const tone = { none: "good", sending: "accent", waiting: "warn", full: "bad", signin: "bad", refused: "bad" };
    const rest = refused.length ? "refused" : "none";
    const state = waiting ? trouble || "sending" : rest;
    const text = this.text(state, waiting || refused.length);
    badge.dataset.queue = state;
    badge.className = `badge badge-${tone[state]}`;
    if (badge.textContent !== text) badge.textContent = text;
    this.refused(refused, queue);
  }

  text(state, n) {
    const name = `queue${state.charAt(0).toUpperCase()}${state.slice(1)}`;
    const one = n === 1 && this.words[`${name}One`];
    return (one || this.words[name]).replace("{n}", n);
  }

  refused(takes, queue) {
    this.at("refused").hidden = !takes.length;
    const key = takes.map((take) => take.uuid).join();
    if (this.drawn === key) return;
    this.drawn = key;
    this.list.querySelectorAll("a").forEach((link) => URL.revokeObjectURL(link.href));
    this.list.replaceChildren(...takes.map((take) => this.refusedRow(take, queue)));
  }

  refusedRow(take, queue) {
    const row = document.importNode(this.row, true);
    const link = row.querySelector("a");
    row.querySelector("span").textContent = `${take.sentence}: ${take.refused}`;
    link.href = URL.createObjectURL(new Blob([take.wav], { type: "audio/wav" }));
    link.download = `${take.sentence}_${take.style}.wav`;
    row.querySelector("[data-act=again]").addEventListener("click", () => queue.retry(take));
    row.querySelector("[data-act=drop]").addEventListener("click", () => queue.drop(take.uuid));
    return row;
  }
}

// Explanations of terms: placed beside their word, and shown while the mouse points at it.
// Opening by click, key or touch, and closing by Escape, are the browser's (popover).
(() => {
  const MARGIN = 8;
  const WAIT_MS = 150; // so that crossing a word does not flash its explanation
  const textOf = (term) => term.querySelector(".term-text");
  const isOpen = (text) => text.matches(":popover-open");

  function place(text) {
    const word = text.parentElement.querySelector("button").getBoundingClientRect();
    const { width, height } = text.getBoundingClientRect();
    const right = document.documentElement.clientWidth - width - MARGIN;
    const below = word.bottom + height + MARGIN < window.innerHeight;
    text.style.left = `${Math.max(MARGIN, Math.min(word.left, right))}px`;
    text.style.top = `${below ? word.bottom + 4 : Math.max(MARGIN, word.top - height - 4)}px`;
    return word.bottom > 0 && word.top < window.innerHeight;
  }

  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.(".term-text") && isOpen(event.target)) place(event.target);
  }, true);
  for (const change of ["scroll", "resize"]) {
    window.addEventListener(change, () => {
      const text = document.querySelector(".term-text:popover-open");
      if (text && !place(text)) text.hidePopover();
    }, { passive: true, capture: true });
  }

  // What the mouse opened, and nothing else, is closed when the mouse leaves.
  let pointed = null;
  let waiting;
  function later(act, ms) {
    clearTimeout(waiting);
    waiting = setTimeout(act, ms);
  }
  document.addEventListener("beforetoggle", (event) => {
    if (!event.target.matches?.(".term-text")) return;
    clearTimeout(waiting);
    if (event.target === pointed && event.newState === "closed") pointed = null;
  }, true);

  const termOf = (event) => event.pointerType === "mouse" && event.target.closest?.(".term");
  document.addEventListener("pointerover", (event) => {
    const term = termOf(event);
    if (!term) return;
    const text = textOf(term);
    later(() => {
      if (!text.isConnected || isOpen(text)) return;
      text.showPopover();
      pointed = text;
    }, WAIT_MS);
  });
  document.addEventListener("pointerout", (event) => {
    const term = termOf(event);
    if (!term || term.contains(event.relatedTarget)) return;
    const text = textOf(term);
    later(() => { if (text === pointed) text.hidePopover(); }, WAIT_MS * 2);
  });
  // A click on a word whose explanation the mouse already opened keeps it open.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".term > button");
    if (!button) return;
    clearTimeout(waiting);
    if (textOf(button.parentElement) !== pointed) return;
    pointed = null;
    event.preventDefault();
  });
})();

// Explanations of terms: placed beside their word, and shown while the mouse points at it.
// Opening by click, key or touch, and closing by Escape, are the browser's (popover).
(() => {
  const MARGIN = 8;
  const WAIT_MS = 150; // so that crossing a word does not flash its explanation
  const textOf = (button) => document.getElementById(button.getAttribute("popovertarget"));

  function place(button, text) {
    const word = button.getBoundingClientRect();
    const { width, height } = text.getBoundingClientRect();
    const right = document.documentElement.clientWidth - width - MARGIN;
    const below = word.bottom + height + MARGIN < window.innerHeight;
    text.style.left = `${Math.max(MARGIN, Math.min(word.left, right))}px`;
    text.style.top = `${below ? word.bottom + 4 : Math.max(MARGIN, word.top - height - 4)}px`;
  }

  document.addEventListener("toggle", (event) => {
    if (!event.target.matches?.(".term-text") || event.newState !== "open") return;
    place(event.target.parentElement.querySelector("button"), event.target);
  }, true);

  let waiting;
  document.addEventListener("pointerover", (event) => {
    const term = event.target.closest?.(".term");
    if (!term || event.pointerType !== "mouse") return;
    clearTimeout(waiting);
    const text = textOf(term.querySelector("button"));
    waiting = setTimeout(() => {
      if (text.matches(":popover-open")) return;
      text.showPopover();
      text.dataset.pointed = "";
    }, WAIT_MS);
  });
  document.addEventListener("pointerout", (event) => {
    const term = event.target.closest?.(".term");
    if (!term || event.pointerType !== "mouse" || term.contains(event.relatedTarget)) return;
    clearTimeout(waiting);
    const text = textOf(term.querySelector("button"));
    waiting = setTimeout(() => {
      if ("pointed" in text.dataset && text.matches(":popover-open")) text.hidePopover();
    }, WAIT_MS * 2);
  });
  // A click on a word whose explanation the mouse already opened keeps it open.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".term > button");
    const text = button && textOf(button);
    if (!text || !("pointed" in text.dataset)) return;
    delete text.dataset.pointed;
    if (text.matches(":popover-open")) event.preventDefault();
  });
  document.addEventListener("scroll", () => {
    for (const text of document.querySelectorAll(".term-text:popover-open")) text.hidePopover();
  }, { passive: true });
})();

// The page of a run: what its polling brings does not replace a sound that plays or has the focus.
(() => {
  const panel = document.getElementById("run-panel");
  if (!panel) return;
  const inUse = (node) =>
    node.contains(document.activeElement) || [...node.querySelectorAll("audio")].some((audio) => !audio.paused);

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target } = event.detail;
    if (!target.matches("[data-sound]") || !inUse(target)) return;
    event.detail.shouldSwap = false;
    const again = () => setTimeout(() => htmx.trigger(panel, "renew"));
    target.addEventListener("pause", again, { once: true, capture: true });
    target.addEventListener("focusout", again, { once: true });
  });
})();

// Keys of the review queue: A accepts, R focuses the reason (Enter rejects), N and P move,
// U undoes the last verdict.
(() => {
  const page = document.getElementById("listening");
  if (!page) return;
  const reason = document.getElementById("id_reason"); // absent if no take is pending

  reason?.addEventListener("keydown", (event) => {
    if (event.key === "Escape") reason.blur();
    if (event.key !== "Enter") return;
    event.preventDefault(); // the form's first button would accept
    document.getElementById("reject").click();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input:not([type=range]), textarea, select")) return;
    const wanted = page.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!wanted) return;
    event.preventDefault();
    if (wanted === reason) reason.focus();
    else wanted.click();
  });
})();

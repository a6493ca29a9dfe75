// Keys of the review queue: A accepts, R goes to the reason (Enter sends back), N and P move,
// U takes the last verdict back.
(() => {
  const page = document.getElementById("listening");
  if (!page) return;
  const reason = document.getElementById("id_reason"); // missing where nothing waits

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

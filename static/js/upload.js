// Shows the progress of an upload, and rejects a file over the size limit before sending it.
(() => {
  const box = (form) => form.querySelector(".upload-progress");

  document.addEventListener("htmx:xhr:progress", (event) => {
    const form = event.target.closest?.("form[data-upload]");
    if (!form || !event.detail.lengthComputable) return;
    const shown = box(form);
    const words = shown.querySelector("span");
    const share = Math.round((100 * event.detail.loaded) / event.detail.total);
    shown.hidden = false;
    shown.querySelector("progress").value = share;
    words.textContent = share < 100 ? words.dataset.sending : words.dataset.measuring;
  });

  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches?.("form[data-upload] input[type=file]")) return;
    const tooLarge = input.files[0] && input.files[0].size > Number(input.dataset.maxBytes);
    input.setCustomValidity(tooLarge ? input.dataset.tooLarge : "");
    if (tooLarge) input.reportValidity();
  });
})();

// Keys of the label page: 1-9 set the focused row's style, Enter accepts; both go to the next row.
(() => {
  const rowOf = (node) => node.closest?.("[data-sentence]");

  function focusNext(row) {
    const next = row.nextElementSibling?.querySelector("select");
    if (!next) return;
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    const row = rowOf(event.target);
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const select = row.querySelector("select");
    if (!select) return;
    if (/^[1-9]$/.test(event.key)) {
      const option = [...select.options].filter((o) => o.value)[Number(event.key) - 1];
      if (!option) return;
      event.preventDefault();
      if (select.value !== option.value) {
        select.value = option.value;
        select.dispatchEvent(new Event("change", { bubbles: true }));
      }
      focusNext(row);
    } else if (event.key === "Enter" && event.target === select) {
      const accept = row.querySelector("button[name=accept]");
      if (!accept) return;
      event.preventDefault();
      accept.click();
      focusNext(row);
    }
  });
})();

// Curves: a slider over each plot says, by pointer or keys, the value of every line at a place.
(() => {
  const kept = new Map(); // x by id, as the page of a live run replaces its curves
  const language = () => document.documentElement.lang || undefined;
  const figure = (value, digits) =>
    value.toLocaleString(language(), { minimumFractionDigits: digits, maximumFractionDigits: digits });

  // A line holds its value until the next improvement; before the first it has none.
  function valueAt(line, share) {
    const at = line.dataset.at.split(" ").map(Number);
    const values = line.dataset.values.split(" ").map(Number);
    let found = null;
    at.forEach((place, n) => { if (place <= share + 1e-9) found = values[n]; });
    return found;
  }

  function read(slider) {
    const chart = slider.closest("[data-chart]");
    const share = slider.value / slider.max;
    const { end, xDigits, digits, xName } = slider.dataset;
    const x = figure(share * end, Number(xDigits));
    const lines = [...chart.querySelectorAll("polyline")];
    const values = lines.map((line) => valueAt(line, share));
    const shown = values.map((value) => (value === null ? "–" : figure(value, Number(digits))));
    chart.querySelectorAll("[data-value]").forEach((place, n) => { place.textContent = shown[n]; });
    chart.querySelector("[data-x]").textContent = x;
    const cursor = chart.querySelector(".cursor");
    for (const name of ["x1", "x2"]) cursor.setAttribute(name, `${100 * share}%`);
    cursor.setAttribute("visibility", share < 1 ? "visible" : "hidden");
    const said = lines.map((line, n) => `${line.dataset.name} ${shown[n]}`).join(", ");
    slider.setAttribute("aria-valuetext", `${xName} ${x}: ${said}`);
  }

  // The place that was left there by keys or a finger; the end if there is none.
  function placeOf(slider) {
    const x = kept.get(slider.id);
    return x === undefined ? slider.max : Math.round((x / slider.dataset.end) * slider.max);
  }

  function move(slider, value) {
    slider.value = value;
    read(slider);
  }

  const sliderOf = (event) => event.target.closest?.(".curve-slider");

  document.addEventListener("input", (event) => {
    const slider = sliderOf(event);
    if (!slider) return;
    kept.set(slider.id, (slider.value / slider.max) * slider.dataset.end);
    read(slider);
  });
  document.addEventListener("pointermove", (event) => {
    const slider = sliderOf(event);
    if (!slider || event.pointerType === "touch") return; // a finger drags the slider itself
    const box = slider.getBoundingClientRect();
    move(slider, Math.round(((event.clientX - box.left) / box.width) * slider.max));
  });
  document.addEventListener("pointerout", (event) => {
    const slider = sliderOf(event);
    if (slider && event.pointerType !== "touch") move(slider, placeOf(slider));
  });

  function renew() {
    for (const slider of document.querySelectorAll(".curve-slider")) {
      move(slider, placeOf(slider));
    }
  }
  document.addEventListener("htmx:afterSettle", renew);
  renew();
})();

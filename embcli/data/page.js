"use strict";
// Draws the specification of the element `data`; for points: move, zoom, find, and mark the neighbours of a word.
// Words are texts of nodes or of the canvas, never HTML.
(async () => {
  const element = (id) => document.getElementById(id);
  const data = JSON.parse(element("data").textContent);
  const picture = element("picture"), tip = element("tip"), search = element("search"), found = element("found");
  const points = data.points;
  const LARGE = 700; // pixels: higher pictures are scrolled, others fill the window
  if (points) data.specification.data[0].values = points;

  const { view } = await vegaEmbed(picture, data.specification, {
    mode: "vega",
    actions: false,
    defaultStyle: false,
    hover: false,
    renderer: points ? "canvas" : "svg",
    tooltip: (_, event, item, value) => showTip(event, value === undefined || value === null ? null : [].concat(value)),
  });

  // --- Light and dark ---------------------------------------------------------------------------------------------

  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  let theme = data.theme || (systemIsDark.matches ? "dark" : "light");

  function useTheme(name) {
    theme = name;
    for (const [part, colour] of Object.entries(data.themes[name])) {
      view.signal(part, colour);
      document.documentElement.style.setProperty("--" + part, colour);
    }
    document.documentElement.dataset.theme = name;
    document.documentElement.style.colorScheme = name;
    element("theme").textContent = name === "dark" ? "Light" : "Dark";
    element("theme").setAttribute("aria-label", "Use " + (name === "dark" ? "light" : "dark") + " colours");
    view.runAsync();
  }
  element("theme").addEventListener("click", () => useTheme(theme === "dark" ? "light" : "dark"));
  if (!data.theme) systemIsDark.addEventListener("change", () => useTheme(systemIsDark.matches ? "dark" : "light"));

  // --- The text beside the pointer: the first line in bold ---------------------------------------------------------

  function showTip(event, lines) {
    tip.hidden = !lines;
    if (!lines) return;
    tip.replaceChildren(...lines.map((line, number) => {
      const part = document.createElement(number ? "div" : "b");
      part.textContent = line;
      return part;
    }));
    const area = tip.parentElement.getBoundingClientRect();
    const left = event.clientX - area.left + 14, top = event.clientY - area.top + 14;
    tip.style.left = Math.max(0, Math.min(left, area.width - tip.offsetWidth - 8)) + "px";
    tip.style.top = Math.max(0, top + tip.offsetHeight > area.height ? top - tip.offsetHeight - 28 : top) + "px";
  }

  if (!points) {
    picture.classList.toggle("fits", data.specification.height <= LARGE);
    useTheme(theme);
    return;
  }

  // --- What the area shows: the point in the centre, and the units of a pixel --------------------------------------

  // Half of the distance in pixels at which a word is under the pointer; zoom: how far in and out.
  const REACH = 14, ZOOM = [0.5, 400], USED = 0.88, STEP = 60, FASTER = 1.25;
  const padding = view.padding();
  const ends = (name) => points.reduce(([low, high], point) => [Math.min(low, point[name]), Math.max(high, point[name])],
    [Infinity, -Infinity]);
  const [x0, x1] = ends("x"), [y0, y1] = ends("y");
  let centre = [(x0 + x1) / 2, (y0 + y1) / 2], zoom = 1, frame = 0;

  const unit = () => (Math.max((x1 - x0) / view.width(), (y1 - y0) / view.height()) / USED || 1 / view.width()) / zoom;

  function runWithLabels() { // which are placed again when `parity` changes
    view.signal("parity", 1 - view.signal("parity")).runAsync();
  }
  function redraw() {
    if (frame) return; // once a frame, however many events
    frame = requestAnimationFrame(() => {
      frame = 0;
      view.signal("cx", centre[0]).signal("cy", centre[1]).signal("unit", unit());
      runWithLabels();
    });
  }
  function move(dx, dy) {
    centre = [centre[0] - dx * unit(), centre[1] + dy * unit()];
    redraw();
  }
  function zoomAt(x, y, factor) { // the place under (x, y), from the middle of the area, stays there
    const before = unit();
    zoom = Math.max(ZOOM[0], Math.min(ZOOM[1], zoom * factor));
    const moved = before - unit();
    centre = [centre[0] + x * moved, centre[1] - y * moved];
    redraw();
  }
  function showAll() {
    centre = [(x0 + x1) / 2, (y0 + y1) / 2];
    zoom = 1;
    redraw();
  }
  function place(point) {
    return [(point.x - centre[0]) / unit() + view.width() / 2, (centre[1] - point.y) / unit() + view.height() / 2];
  }
  function inArea(event) {
    const area = picture.getBoundingClientRect();
    return [event.clientX - area.left - padding.left, event.clientY - area.top - padding.top];
  }
  function fit() {
    view.width(Math.max(200, picture.clientWidth - padding.left - padding.right));
    view.height(Math.max(120, picture.clientHeight - padding.top - padding.bottom));
    redraw();
  }
  new ResizeObserver(fit).observe(picture);

  // --- The chosen word and its neighbours ----------------------------------------------------------------------------

  let chosen = null, matches = null;
  const cosine = (index, number) => (data.thousandths[index][number] / 1000).toFixed(3);

  // How each point is drawn: 0 as usual, 1 pale, 2 found or near the chosen word, 3 chosen.
  function mark() {
    const marked = chosen !== null || matches !== null;
    const levels = new Array(points.length).fill(marked ? 1 : 0);
    for (const index of chosen !== null ? data.neighbors[chosen] : matches || []) levels[index] = 2;
    if (chosen !== null) levels[chosen] = 3;
    view.signal("levels", levels).signal("marked", marked).signal("chosen", chosen === null ? null : points[chosen]);
    runWithLabels();
  }
  function choose(index) {
    chosen = index;
    matches = null;
    tip.hidden = true; // the picture may move below it
    mark();
    const panel = element("chosen");
    panel.hidden = index === null;
    if (index === null) return;
    const list = document.createElement("ol");
    data.neighbors[index].forEach((other, number) => {
      const row = document.createElement("li"), button = document.createElement("button"), value = document.createElement("span");
      button.type = "button";
      button.textContent = points[other].word;
      button.addEventListener("click", () => choose(other));
      value.textContent = cosine(index, number);
      row.append(button, value);
      list.append(row);
    });
    const title = document.createElement("h2"), note = document.createElement("p"), clear = document.createElement("button");
    title.textContent = points[index].word;
    note.textContent = [...about(points[index]), "nearest of these " + points.length.toLocaleString("en") + " words, by cosine:"].join(" · ");
    clear.type = "button";
    clear.textContent = "Clear";
    clear.addEventListener("click", () => { choose(null); picture.focus(); });
    panel.replaceChildren(title, note, list, clear);
    fit(); // the panel may have taken room
    const [x, y] = place(points[index]);
    if (x < 0 || y < 0 || x > view.width() || y > view.height()) {
      centre = [points[index].x, points[index].y];
      redraw();
    }
  }
  function about(point) {
    const facts = point.group === undefined ? [] : [point.group];
    if (point.cosine !== undefined) facts.push("cosine to " + data.query + " " + point.cosine.toFixed(3));
    return facts;
  }
  function nearest(event) {
    const [x, y] = inArea(event);
    let best = null, least = REACH;
    if (x < 0 || y < 0 || x > view.width() || y > view.height()) return best;
    points.forEach((point, index) => {
      const [left, top] = place(point), distance = Math.hypot(left - x, top - y);
      if (distance < least) [best, least] = [index, distance];
    });
    return best;
  }

  // --- Pointer: drag, pinch, wheel, hover, click ---------------------------------------------------------------------

  const pointers = new Map();
  let travelled = 0;

  picture.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    if (!pointers.size) travelled = 0;
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) {
      const index = nearest(event);
      picture.classList.toggle("over", index !== null);
      if (index === null) return showTip(event, null);
      const near = chosen === null ? -1 : data.neighbors[chosen].indexOf(index);
      const toChosen = near < 0 ? [] : ["cosine to " + points[chosen].word + " " + cosine(chosen, near)];
      return showTip(event, [points[index].word, ...about(points[index]), ...toChosen]);
    }
    const now = [event.clientX, event.clientY];
    const other = [...pointers].find(([id]) => id !== event.pointerId);
    if (other) {
      const apart = (one) => Math.hypot(one[0] - other[1][0], one[1] - other[1][1]);
      const [x, y] = inArea(event);
      zoomAt(x - view.width() / 2, y - view.height() / 2, apart(now) / Math.max(1, apart(before)));
    } else {
      move(now[0] - before[0], now[1] - before[1]);
    }
    travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    pointers.set(event.pointerId, now);
    picture.classList.toggle("moving", travelled > 4);
    showTip(event, null);
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    picture.addEventListener(kind, (event) => {
      const isClick = kind === "pointerup" && pointers.size === 1 && travelled <= 4;
      pointers.delete(event.pointerId);
      picture.classList.remove("moving");
      if (isClick && !event.button) choose(nearest(event));
    });
  }
  picture.addEventListener("pointerleave", (event) => showTip(event, null));
  picture.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [x, y] = inArea(event), lines = event.deltaMode ? 20 : 1;
    zoomAt(x - view.width() / 2, y - view.height() / 2, Math.pow(1.0015, -event.deltaY * lines));
  }, { passive: false });

  // --- Keys ----------------------------------------------------------------------------------------------------------

  const keys = {
    ArrowLeft: () => move(STEP, 0), ArrowRight: () => move(-STEP, 0), ArrowUp: () => move(0, STEP), ArrowDown: () => move(0, -STEP),
    "+": () => zoomAt(0, 0, FASTER), "=": () => zoomAt(0, 0, FASTER), "-": () => zoomAt(0, 0, 1 / FASTER), "0": showAll, Home: showAll,
  };
  picture.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? null : keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      search.value = "";
      list([]);
      choose(null);
    } else if (event.key === "/" && event.target !== search) {
      event.preventDefault();
      search.focus();
    }
  });
  element("whole").addEventListener("click", showAll);

  // --- Search: words that begin with the text, then words that contain it ----------------------------------------------

  const LISTED = 8;
  const folded = points.map((point) => point.word.toLowerCase());
  let active = 0;

  function list(indexes, text = "") {
    found.hidden = !text;
    search.setAttribute("aria-expanded", String(!found.hidden));
    found.replaceChildren(...indexes.slice(0, LISTED).map((index, number) => {
      const row = document.createElement("li");
      row.id = "found-" + number;
      row.dataset.index = index;
      row.setAttribute("role", "option");
      row.textContent = points[index].word;
      row.addEventListener("pointerdown", (event) => { event.preventDefault(); pick(index); });
      return row;
    }));
    if (!indexes.length || indexes.length > LISTED) {
      const row = document.createElement("li");
      row.className = "none";
      row.textContent = indexes.length ? (indexes.length - LISTED).toLocaleString("en") + " more" : "no such word here";
      found.append(row);
    }
    activate(0);
  }
  function activate(number) {
    const rows = [...found.querySelectorAll("[role=option]")];
    active = rows.length ? (number + rows.length) % rows.length : 0;
    rows.forEach((row, i) => row.setAttribute("aria-selected", String(i === active)));
    if (rows.length) search.setAttribute("aria-activedescendant", rows[active].id);
    else search.removeAttribute("aria-activedescendant");
  }
  function pick(index) {
    search.value = points[index].word;
    list([]);
    choose(index);
  }
  search.addEventListener("input", () => {
    const text = search.value.trim().toLowerCase();
    const indexes = text ? points.map((_, index) => index).filter((index) => folded[index].includes(text)) : [];
    indexes.sort((a, b) => folded[b].startsWith(text) - folded[a].startsWith(text) || a - b);
    choose(null);
    matches = text ? indexes : null;
    mark();
    list(indexes, text);
  });
  search.addEventListener("keydown", (event) => {
    const rows = found.querySelectorAll("[role=option]");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      activate(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && rows.length && !found.hidden) {
      pick(Number(rows[active].dataset.index));
    }
  });
  search.addEventListener("blur", () => { found.hidden = true; search.setAttribute("aria-expanded", "false"); });

  picture.classList.add("points");
  for (const part of [search.parentElement, element("whole"), element("hint")]) part.hidden = false;
  useTheme(theme);
})();

// Keeps the page fresh, counts times on, follows logs, and moves graphs. Without it, every page works all the same.
"use strict";

const each = (selector, work, root = document) => root.querySelectorAll(selector).forEach(work);

// Times: how long ago, how long since. The server wrote them as they were when the page was made.
function unit(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} days`;
}

// What the clock of this machine says more than that of the server, in milliseconds.
let ahead = 0;

function tick() {
  const now = Date.now() - ahead;
  each("time[data-age], time[data-since]", (time) => {
    const passed = Math.floor((now - Date.parse(time.dateTime)) / 1000);
    const text = "since" in time.dataset ? unit(Math.max(passed, 0))
      : passed < 0 ? `in ${unit(-passed)}`
      : passed === 0 ? "now"
      : `${unit(passed)} ago`;
    if (time.textContent !== text) time.textContent = text;
  });
}

// Parts of the page stand between comments: `live NAME` and `/live`.
function ranges() {
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_COMMENT);
  let start = null;
  while (walker.nextNode()) {
    const text = walker.currentNode.data;
    if (text.startsWith("live ")) start = walker.currentNode;
    else if (text === "/live" && start) {
      found.set(start.data.slice(5), [start, walker.currentNode]);
      start = null;
    }
  }
  return found;
}

// A person who types, or has opened something, keeps what they have.
function isBusy(start, end) {
  const active = document.activeElement;
  if (!active || !active.matches("input, textarea, select")) return false;
  const inside = (node, bit) => node.compareDocumentPosition(active) & bit;
  return inside(start, Node.DOCUMENT_POSITION_FOLLOWING) && inside(end, Node.DOCUMENT_POSITION_PRECEDING);
}

function replace(start, end, html) {
  if (isBusy(start, end)) return;
  const range = document.createRange();
  range.setStartAfter(start);
  range.setEndBefore(end);
  const open = new Set();
  const focus = document.activeElement && range.intersectsNode(document.activeElement)
    ? document.activeElement.getAttribute("href") : null;
  for (let node = start.nextSibling; node && node !== end; node = node.nextSibling) {
    if (node.querySelectorAll) each("details[id]", (box) => box.open && open.add(box.id), node);
  }
  const views = new Map();
  for (let node = start.nextSibling; node && node !== end; node = node.nextSibling) {
    if (node.querySelectorAll) each("[data-pan]", (box) => views.set("pan", box.view), node);
  }
  range.deleteContents();
  range.insertNode(range.createContextualFragment(html));
  open.forEach((id) => { const box = document.getElementById(id); if (box) box.open = true; });
  if (focus) { const link = document.querySelector(`a[href="${CSS.escape(focus)}"]`); if (link) link.focus({ preventScroll: true }); }
  each("[data-pan]", (box) => pan(box, views.get("pan")));
}

let stream = null;

function follow() {
  if (stream || document.hidden || !("live" in document.body.dataset)) return;
  stream = new EventSource(location.pathname + location.search);
  const sign = document.querySelector(".live-sign");
  stream.onopen = () => { sign.hidden = false; sign.textContent = "live"; };
  stream.onerror = () => {
    sign.hidden = false;
    sign.textContent = "not connected";
    // A server that has no place for one more is not asked again by the browser itself.
    if (stream && stream.readyState === EventSource.CLOSED) { leave(); setTimeout(follow, 5000); }
  };
  stream.onmessage = (message) => {
    const { title, parts } = JSON.parse(message.data);
    const found = ranges();
    const pinned = [...document.querySelectorAll("[data-follow]")].filter(atEnd);
    for (const [name, html] of Object.entries(parts)) {
      const place = found.get(name);
      if (place) replace(place[0], place[1], html);
    }
    document.title = document.title.replace(/^.*( · [^·]*)$/, (_, program) => title + program);
    pinned.forEach((box) => { box.scrollTop = box.scrollHeight; });
    tick();
  };
}

function leave() {
  if (stream) stream.close();
  stream = null;
}

// Logs: whoever stands at the end stays there.
const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 24;

// Graphs: drag to move, wheel with Ctrl (or two fingers) and buttons to zoom, arrow keys with the box in focus.
function pan(box, view) {
  const svg = box.querySelector("svg");
  if (!svg || box.view) return;
  const whole = { width: svg.width.baseVal.value, height: svg.height.baseVal.value };
  const fit = () => Math.min(1, box.clientWidth / whole.width);
  box.view = view || { zoom: fit(), byHand: false };
  const show = () => {
    svg.setAttribute("width", whole.width * box.view.zoom);
    svg.setAttribute("height", whole.height * box.view.zoom);
  };
  const zoom = (factor, x = box.clientWidth / 2, y = box.clientHeight / 2) => {
    const before = box.view.zoom;
    const after = Math.min(3, Math.max(0.15, before * factor));
    const [left, top] = [(box.scrollLeft + x) / before, (box.scrollTop + y) / before];
    box.view = { zoom: after, byHand: true };
    show();
    box.scrollTo(left * after - x, top * after - y);
    keep();
  };
  const keep = () => { box.view.left = box.scrollLeft; box.view.top = box.scrollTop; };
  const tools = document.createElement("div");
  tools.className = "tools";
  for (const [text, label, act] of [["−", "Smaller", () => zoom(0.8)], ["+", "Larger", () => zoom(1.25)],
    ["fit", "Fit into the page", () => { box.view = { zoom: fit(), byHand: false }; show(); }]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.setAttribute("aria-label", label);
    button.onclick = act;
    tools.append(button);
  }
  box.parentElement.append(tools);
  box.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const place = box.getBoundingClientRect();
    zoom(event.deltaY < 0 ? 1.12 : 0.89, event.clientX - place.left, event.clientY - place.top);
  }, { passive: false });
  let drag = null;
  box.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) {
      drag = { x: event.clientX, y: event.clientY, left: box.scrollLeft, top: box.scrollTop, moved: false };
    }
  });
  box.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.moved && Math.hypot(x, y) < 4) return;
    if (!drag.moved) box.setPointerCapture(event.pointerId);
    drag.moved = true;
    box.scrollTo(drag.left - x, drag.top - y);
    keep();
  });
  box.addEventListener("pointerup", () => { setTimeout(() => { drag = null; }); });
  box.addEventListener("click", (event) => { if (drag && drag.moved) event.preventDefault(); }, true);
  box.addEventListener("dragstart", (event) => event.preventDefault());
  addEventListener("resize", () => { if (!box.view.byHand) { box.view.zoom = fit(); show(); } });
  show();
  if (view) box.scrollTo(view.left || 0, view.top || 0);
}

document.addEventListener("visibilitychange", () => (document.hidden ? leave() : follow()));
addEventListener("pagehide", leave);
addEventListener("pageshow", follow);
each("[data-pan]", (box) => pan(box));
// On a phone the navigation is wider than the window.
each("nav [aria-current]", (here) => here.scrollIntoView({ block: "nearest", inline: "nearest" }));
each("[data-follow]", (box) => { box.scrollTop = box.scrollHeight; });
// A filter that was chosen needs no button.
each("form.filters select, form.filters input[type=checkbox]", (field) => { field.onchange = () => field.form.requestSubmit(); });
// One question at a time.
document.addEventListener("click", (event) => {
  each("details.ask[open]", (box) => { if (!box.contains(event.target)) box.open = false; });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") each("details.ask[open]", (box) => { box.open = false; box.querySelector("summary").focus(); });
});
setInterval(tick, 1000);

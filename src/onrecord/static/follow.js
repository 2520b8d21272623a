/* The transcript follows the voice: the word that is being said is marked, and the page goes along only as long as the
   reader lets it. Nothing here is announced to a screen reader. */

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const MOVING_KEYS = new Set(["PageUp", "PageDown", "ArrowUp", "ArrowDown", "Home", "End", " "]);

export async function follow(turns, address, player, voice) {
  const words = await load(address, +turns.dataset.revision);
  if (!words) return null;
  const spans = [...turns.querySelectorAll(".s")];
  const firsts = spans.map((span) => +span.dataset.word);
  const { starts, latest } = times(words.start);
  const marks = CSS.highlights ? new Highlight() : null;
  if (marks) CSS.highlights.set("voice", marks);
  turns.classList.toggle("by-sentence", !marks);
  let word = -1, sentence = null, along = false, ours = 0, stood = 0, timer = 0;

  const wordsOf = (number) => [firsts[number], firsts[number + 1] ?? starts.length];

  function mark(next) {
    if (next === word) return;
    word = next;
    const number = before(firsts, word), span = word < 0 ? null : spans[number];
    if (span !== sentence) {
      sentence?.classList.remove("voice");
      span?.classList.add("voice");
      sentence = span;
      stood = span?.getBoundingClientRect().top ?? 0;
      if (along) show();
    }
    marks?.clear();
    if (span) marks?.add(rangeOf(span, ...wordsOf(number), word));
    button();
  }

  function rangeOf(span, first, end, wanted) {
    const lengths = words.length;
    const lead = sum(lengths, first, end) - span.textContent.length;
    const from = sum(lengths, first, wanted) - (wanted > first ? lead : 0);
    const range = document.createRange();
    const space = wanted > first && /\s/.test(span.textContent[from]) ? 1 : 0;
    range.setStart(...point(span, from + space));
    range.setEnd(...point(span, sum(lengths, first, wanted + 1) - lead));
    return range;
  }

  function inView(span) {
    const box = span.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  }

  /* A long way is jumped: gliding over half of an interview would make the reader dizzy. */
  function show() {
    if (!sentence || document.querySelector("dialog[open]")) return;
    const box = sentence.getBoundingClientRect();
    if (box.top > innerHeight * 0.12 && box.bottom < innerHeight * 0.75) return;
    ours = performance.now();
    const near = box.top > -innerHeight && box.bottom < 2 * innerHeight;
    sentence.scrollIntoView({ block: "center", behavior: near && !calm.matches ? "smooth" : "instant" });
  }

  const button = () => { voice.hidden = !player.playing || along || !sentence || inView(sentence); };
  const leave = () => { along = false; button(); };

  function tick() {
    clearTimeout(timer);
    const time = player.time;
    mark(before(latest, time));
    if (!player.playing) return;
    const next = latest[before(latest, time) + 1] ?? time + 1000;
    timer = setTimeout(tick, Math.min(1000, Math.max(30, (next - time) / player.rate)));
  }

  function timeAt(event) {
    const stamp = event.target.closest(".who a");
    if (stamp) return starts[+stamp.closest(".turn").dataset.word];
    const span = event.target.closest(".s");
    if (!span) return undefined;
    const spot = document.caretPositionFromPoint?.(event.clientX, event.clientY);
    const range = spot ? null : document.caretRangeFromPoint?.(event.clientX, event.clientY);
    const [first, end] = wordsOf(spans.indexOf(span));
    let left = offset(span, spot?.offsetNode ?? range?.startContainer, spot?.offset ?? range?.startOffset ?? 0);
    left += sum(words.length, first, end) - span.textContent.length;
    let number = first;
    while (number < end - 1 && left >= words.length[number]) left -= words.length[number++];
    return starts[number];
  }

  /* Whatever moves the page but us, and whoever selects words or steps through them, has the page. */
  for (const name of ["wheel", "touchmove"]) addEventListener(name, leave, { passive: true });
  addEventListener("keydown", (event) => MOVING_KEYS.has(event.key) && !event.target.closest(".player, input, textarea") && leave());
  /* Where something above has grown, the browser scrolls too, and the words stay where they are. */
  addEventListener("scroll", () => {
    const before = stood;
    stood = sentence?.getBoundingClientRect().top ?? 0;
    if (Math.abs(stood - before) > 2 && performance.now() - ours > 1200) leave();
    else button();
  }, { passive: true });
  turns.addEventListener("focusin", leave);
  document.addEventListener("selectionchange", () => {
    const selection = getSelection();
    if (!selection.isCollapsed && selection.containsNode(turns, true)) leave();
  });
  voice.addEventListener("click", () => { along = true; show(); button(); });
  for (const element of document.querySelectorAll("#player audio, #player video"))
    for (const name of ["play", "seeked", "ratechange", "timeupdate"]) element.addEventListener(name, tick);

  const api = {
    timeAt,
    moved() { word = -1; tick(); along = Boolean(sentence && inView(sentence)); button(); },
    stay() { along = true; button(); },
  };
  api.moved();
  return api;
}

async function load(address, revision) {
  for (const cache of ["default", "reload"]) {
    const answer = await fetch(address, { cache });
    const words = answer.ok ? await answer.json() : null;
    if (words?.revision === revision) return words;
  }
  return null;
}

/* Each word's start, and the latest start so far: recognisers put some words out of order. */
function times(deltas) {
  const starts = [], latest = [];
  deltas.reduce((sum, delta, n) => {
    starts[n] = sum + delta;
    latest[n] = Math.max(latest[n - 1] ?? 0, starts[n]);
    return starts[n];
  }, 0);
  return { starts, latest };
}

/* The last place of an ascending list that is at most `value`, or -1. */
function before(list, value) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function sum(list, from, to) {
  let all = 0;
  for (let n = from; n < to; n++) all += list[n];
  return all;
}

function point(span, at) {
  const walker = document.createTreeWalker(span, NodeFilter.SHOW_TEXT);
  let node = walker.nextNode();
  for (let next = node; next; next = walker.nextNode()) {
    node = next;
    if (at <= node.length) return [node, Math.max(0, at)];
    at -= node.length;
  }
  return node ? [node, node.length] : [span, 0];
}

function offset(span, node, at) {
  if (!node || !span.contains(node)) return 0;
  const range = document.createRange();
  range.setStart(span, 0);
  range.setEnd(node, at);
  return range.toString().length;
}

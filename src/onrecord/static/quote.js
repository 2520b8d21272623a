// Quotes the transcript: a link to exactly these words, the quotation, their sound, a page of their own. What people
// read stands in the page (templates/quote_menu.html); where words of earlier revisions are now, in moves.json.

const SAME = 0;
const LEAST = 5; // words of an anchor, as in passages/anchoring.py

// ── where words of an earlier revision are now, as transcripts/maps.py has it ─────────────────────────────────────

export function resolve(move, first, end) {
  const found = project(move, first, end);
  if (found.state !== "orphan" && project(move, ...widened(move.sentences, first, end)).state !== "orphan") return found;
  return atTime(move, first, end);
}

function* blocksOf(move) {
  let old = 0, now = 0;
  for (let i = 0; i < move.blocks.length; i += 3) {
    const [kind, gone, come] = move.blocks.slice(i, i + 3);
    yield { kind, old, gone, now, come };
    old += gone;
    now += come;
  }
}

function project(move, first, end) {
  const places = [];
  let kept = 0;
  for (const { kind, old, gone, now, come } of blocksOf(move)) {
    const start = Math.max(first, old), stop = Math.min(end, old + gone);
    if (start >= stop) continue;
    if (kind === SAME) kept += stop - start;
    if (!come) continue;
    const from = Math.floor(((start - old) * come) / gone);
    const to = Math.max(from + 1, Math.ceil(((stop - old) * come) / gone));
    places.push(now + from, now + Math.min(to, come));
  }
  if (2 * kept >= end - first) {
    const [low, high] = [Math.min(...places), Math.max(...places)];
    const whole = kept === end - first && kept === high - low;
    return { state: whole ? "same" : "changed", first: low, end: high };
  }
  for (let i = 0; i < move.moved.length; i += 3) {
    const [old, now, length] = move.moved.slice(i, i + 3);
    const start = Math.max(first, old), stop = Math.min(end, old + length);
    if (2 * Math.max(0, stop - start) >= end - first) {
      return { state: "moved", first: now + start - old, end: now + stop - old };
    }
  }
  return { state: "orphan" };
}

function widened(sentences, first, end) {
  let at = 0, low = null, high = null;
  for (const length of sentences) {
    if (at < end && at + length > first) {
      low ??= at;
      high = at + length;
    }
    at += length;
  }
  const missing = Math.max(0, LEAST - (end - first));
  let left = Math.min(first - low, Math.floor(missing / 2));
  const right = Math.min(high - end, missing - left);
  left = Math.min(first - low, missing - right);
  return [first - left, end + right];
}

function atTime(move, first, end) {
  const places = [];
  for (const { kind, old, gone, now } of blocksOf(move)) {
    if (kind !== SAME) continue;
    for (let word = Math.max(first, old); word < Math.min(end, old + gone); word++) {
      places[word - first] = [now + word - old, now + word - old + 1];
    }
  }
  for (let i = 0; i < move.spoken.length; i += 3) {
    const [word, from, to] = move.spoken.slice(i, i + 3);
    if (word >= first && word < end) places[word - first] = from < to ? [from, to] : [];
  }
  const bounds = places.flat();
  if (!bounds.length) return { state: "orphan" };
  return { state: "time", first: Math.min(...bounds), end: Math.max(...bounds) };
}

// ── the page's words ──────────────────────────────────────────────────────────────────────────────────────────────

class Words {
  constructor(turns, menu) {
    this.sentences = [...turns.querySelectorAll(".s[data-word]")];
    this.firsts = this.sentences.map((s) => +s.dataset.word);
    this.count = +menu.dataset.count;
    this.revision = +turns.dataset.revision;
    this.address = menu.dataset.words;
  }

  // Times and lengths of the single words; without them whole sentences are quoted, and nothing is played.
  load() {
    this.loading ??= fetch(this.address)
      .then((answer) => answer.json())
      .then((file) => {
        if (file.revision !== this.revision) return;
        let at = 0;
        this.starts = file.start.map((delta) => (at += delta));
        this.lengths = file.length;
      })
      .catch(() => {});
    return this.loading;
  }

  sentenceOf(word) {
    let low = 0, high = this.firsts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.firsts[middle] <= word) low = middle;
      else high = middle;
    }
    return low;
  }

  endOf(n) {
    return this.firsts[n + 1] ?? this.count;
  }

  // Where each word of a sentence begins and ends in its text.
  cuts(n) {
    const text = this.sentences[n].textContent;
    const lengths = this.lengths?.slice(this.firsts[n], this.endOf(n)) ?? [text.length];
    let at = text.length - lengths.reduce((sum, length) => sum + length, 0); // -1: a space stands before the sentence
    return lengths.map((length) => {
      const from = Math.max(0, at);
      at += length;
      return [from + (/\s/.test(text[from] ?? "") ? 1 : 0), at];
    });
  }

  range(first, end) {
    const range = document.createRange();
    range.setStart(...this.point(first, 0));
    range.setEnd(...this.point(end - 1, 1));
    return range;
  }

  point(word, side) {
    const n = this.sentenceOf(word), cuts = this.cuts(n);
    let left = (cuts[word - this.firsts[n]] ?? cuts.at(side ? -1 : 0))[side];
    const walker = document.createTreeWalker(this.sentences[n], NodeFilter.SHOW_TEXT);
    let node = walker.nextNode();
    for (let next; node && left > node.length && (next = walker.nextNode()); node = next) left -= node.length;
    return node ? [node, Math.min(left, node.length)] : [this.sentences[n], 0];
  }

  // The words that a selection touches: [first, end).
  within(range) {
    const touched = this.sentences.map((s, n) => n).filter((n) => range.intersectsNode(this.sentences[n]));
    if (!touched.length) return null;
    const low = touched[0], high = touched.at(-1);
    const from = this.offset(low, range.startContainer, range.startOffset) ?? 0;
    const to = this.offset(high, range.endContainer, range.endOffset) ?? Infinity;
    const first = this.lengths ? this.firsts[low] + this.cuts(low).filter((cut) => cut[1] <= from).length : this.firsts[low];
    const end = this.lengths ? this.firsts[high] + this.cuts(high).filter((cut) => cut[0] < to).length : this.endOf(high);
    return first < end ? [first, end] : null;
  }

  offset(n, node, offset) {
    const sentence = this.sentences[n];
    if (!sentence.contains(node)) return null;
    const before = document.createRange();
    before.setStart(sentence, 0);
    before.setEnd(node, offset);
    return before.toString().length;
  }

  // By speaker: the words of each turn that [first, end) touches.
  said(first, end) {
    const parts = [];
    for (let n = this.sentenceOf(first); n < this.firsts.length && this.firsts[n] < end; n++) {
      const turn = this.sentences[n].closest(".turn");
      const from = Math.max(first, this.firsts[n]), to = Math.min(end, this.endOf(n));
      const text = this.range(from, to).toString();
      const last = parts.at(-1);
      if (last?.turn === turn) last.text += ` ${text}`;
      else parts.push({ turn, text, speaker: turn.querySelector(".who b")?.textContent ?? "" });
    }
    return parts;
  }

  id(word) {
    const sentence = this.sentences[this.sentenceOf(word)];
    return sentence.id || sentence.closest(".turn").id;
  }
}

// ── the menu ──────────────────────────────────────────────────────────────────────────────────────────────────────

class Quoting {
  constructor(turns, menu, here) {
    Object.assign(this, { turns, menu, here, words: new Words(turns, menu), chosen: null });
    const find = (selector) => menu.querySelector(selector);
    this.choices = find("fieldset");
    this.shown = find("blockquote");
    this.field = find("textarea");
    this.status = find("[role=status]");
    this.share = find("[data-do=share]");
    this.more = find("[data-more]");
    this.more.addEventListener("click", () => this.further());
    for (const button of menu.querySelectorAll("button[data-do]")) {
      button.addEventListener("click", () => this[button.dataset.do]());
    }
    turns.addEventListener("click", (event) => this.clicked(event), true); // before the player, which goes to the time
    this.choices.addEventListener("change", (event) => this.choose(event.target));
    document.addEventListener("selectionchange", () => this.selected());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.offer(null));
    here?.querySelector("button").addEventListener("click", () => this.open(this.selection(), null));
  }

  async clicked(event) {
    const link = event.target.closest("a.quote");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    event.stopPropagation();
    await this.words.load();
    const turn = link.closest(".turn"), range = this.range();
    await this.open(range && range.intersectsNode(turn) ? this.selection() : null, turn);
  }

  range() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    return range.intersectsNode(this.turns) ? range : null;
  }

  selection() {
    const range = this.range();
    return range && this.words.within(range);
  }

  selected() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.offer(this.menu.open ? null : this.range()), 250);
  }

  // A button beside the words that are selected.
  offer(range) {
    if (!this.here?.showPopover) return;
    const open = this.here.matches(":popover-open");
    if (!range || !range.toString().trim()) {
      if (open) this.here.hidePopover();
      return;
    }
    this.words.load();
    const box = [...range.getClientRects()].at(-1) ?? range.getBoundingClientRect();
    if (!open) this.here.showPopover();
    const left = Math.min(Math.max(8, box.right - this.here.offsetWidth), innerWidth - this.here.offsetWidth - 8);
    this.here.style.left = `${left + scrollX}px`;
    this.here.style.top = `${box.bottom + scrollY + 6}px`;
  }

  async open(words, turn) {
    await this.words.load();
    if (!words && !turn) return;
    this.offer(null);
    this.field.hidden = true;
    this.status.textContent = "";
    this.choices.hidden = this.more.hidden = Boolean(words);
    this.shown.hidden = !words;
    for (const element of [this.choices, this.shown]) {
      element.lang = this.turns.closest("[lang]").lang;
    }
    if (!words) this.list(turn);
    this.set(words ?? this.checked());
    if (words) this.shown.textContent = this.words.said(...words).map((part) => part.text).join("\n");
    this.menu.showModal();
  }

  list(turn) {
    this.choices.querySelectorAll("label, p").forEach((label) => label.remove());
    this.add(turn);
  }

  // The sentences of a turn, after its speaker's name where it is not the first.
  add(turn) {
    const who = turn.querySelector(".who b");
    if (who && this.choices.querySelector("input")) {
      const name = document.createElement("p");
      name.append(who.cloneNode(true));
      this.choices.append(name);
    }
    this.words.sentences.forEach((sentence, n) => {
      if (!turn.contains(sentence)) return;
      const label = document.createElement("label"), box = document.createElement("input"), text = document.createElement("span");
      box.type = "checkbox";
      box.value = n;
      box.checked = !this.choices.querySelector("input");
      text.textContent = sentence.textContent;
      text.dir = "auto";
      label.append(box, text);
      this.choices.append(label);
    });
    const all = [...this.turns.querySelectorAll(".turn")];
    this.next = all[all.indexOf(turn) + 1];
    this.more.hidden = !this.next;
  }

  // What was said after it: a passage may go on in the next turns.
  further() {
    const before = this.choices.querySelectorAll("input").length;
    this.add(this.next);
    this.choices.querySelectorAll("input")[before].focus();
  }

  // Sentences between two that are chosen are chosen too; one that is let go of takes those after it along.
  choose(box) {
    const boxes = [...this.choices.querySelectorAll("input")], at = boxes.indexOf(box);
    const on = boxes.map((one, n) => (one.checked ? n : -1)).filter((n) => n >= 0);
    const high = box.checked || at < on[0] ? on.at(-1) : at > on[0] ? at - 1 : on.at(-1);
    boxes.forEach((one, n) => (one.checked = on.length > 0 && n >= on[0] && n <= high));
    this.set(this.checked());
  }

  checked() {
    const on = [...this.choices.querySelectorAll("input:checked")].map((box) => +box.value);
    return on.length ? [this.words.firsts[on[0]], this.words.endOf(on.at(-1))] : null;
  }

  set(words) {
    this.chosen = words;
    for (const button of this.menu.querySelectorAll("button[data-do]")) button.disabled = !words;
    this.menu.querySelector("[data-do=play]").hidden = !this.words.starts || !player();
    this.share.hidden = !words;
    for (const link of this.menu.querySelectorAll("a[data-form]")) link.hidden = !words;
    if (words) {
      const [first, end] = words;
      const chosen = `&revision=${this.words.revision}&words=${first}-${end}`;
      this.share.href = this.menu.dataset.form + chosen;
      for (const link of this.menu.querySelectorAll("a[data-form]")) link.href = link.dataset.form + chosen;
    }
  }

  address() {
    const [first, end] = this.chosen;
    return `${this.menu.dataset.page}?passage=${this.words.revision}.${first}-${end}#${this.words.id(first)}`;
  }

  link() {
    return this.copy(this.address(), this.menu.dataset.linkCopied);
  }

  quotation() {
    return this.copy(this.text(), this.menu.dataset.quotationCopied);
  }

  // With speaker, show, date, time and link.
  text() {
    const { said, from, title, show, date, digits } = this.menu.dataset;
    const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "").trim();
    const parts = this.words.said(...this.chosen);
    const time = clock(this.words.starts?.[this.chosen[0]] ?? 0).replace(/\d/g, (digit) => digits[digit]);
    const lines = parts.map(({ text, speaker }) => fill(said, { words: text, speaker: isolated(speaker) }));
    return [...lines, fill(from, { title, show, date, time }), this.address()].join("\n");
  }

  async copy(text, done) {
    try {
      await navigator.clipboard.writeText(text);
      this.status.textContent = done;
    } catch {
      this.field.hidden = false;
      this.field.value = text;
      this.field.focus();
      this.field.select();
      this.status.textContent = this.menu.dataset.select;
    }
  }

  play() {
    this.menu.close();
    const [first, end] = this.chosen;
    playFrom(this.words.starts[first], this.words.starts[end] ?? Infinity);
  }
}

// A name in Unicode's isolates where it is written the other way than the page, as lib/language.py has it.
function isolated(name) {
  const strong = name.match(/\p{L}/u)?.[0];
  const isRight = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(strong ?? "");
  return !strong || isRight === (document.dir === "rtl") ? name : `\u2068${name}\u2069`;
}

function clock(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (!parts[0]) parts.shift();
  return parts.map((part, n) => (n ? String(part).padStart(2, "0") : part)).join(":");
}

// ── the sound ─────────────────────────────────────────────────────────────────────────────────────────────────────

// The player that is shown: a page may have one for sound and one for pictures.
function player() {
  const all = [...document.querySelectorAll("audio, video")];
  return all.find((one) => one.offsetParent) ?? all[0];
}

// In milliseconds. Stops at the end, unless somebody has gone elsewhere meanwhile.
function playFrom(from, to) {
  if (document.querySelector("#player.ready")) {
    document.dispatchEvent(new CustomEvent("onrecord:play", { detail: { from, to } }));
    return;
  }
  const media = player(), start = from / 1000, end = to / 1000;
  const watch = () => {
    if (media.seeking || (media.currentTime >= start - 1 && media.currentTime < end)) return;
    if (media.currentTime < end + 1 && media.currentTime >= end) media.pause();
    media.removeEventListener("timeupdate", watch);
  };
  media.currentTime = start;
  media.addEventListener("timeupdate", watch);
  media.play()?.catch(() => {});
}

// ── where a link leads ────────────────────────────────────────────────────────────────────────────────────────────

// A sentence in words: why it is not what the link promised; and what stood there, where that is known.
function note(before, menu, text, was) {
  document.querySelector(".quote-note")?.remove();
  const element = document.createElement("p");
  element.className = "quote-note";
  element.setAttribute("role", "note");
  element.textContent = text;
  element.lang = menu.lang || document.documentElement.lang;
  element.dir = "auto";
  if (was) {
    const words = document.createElement("q");
    Object.assign(words, { textContent: was, dir: "auto", lang: before.closest("[lang]").lang });
    element.append(` ${menu.dataset.was} `, words);
  }
  before.closest("p").before(element);
}

function mark(words, first, end) {
  if (globalThis.Highlight && CSS.highlights) {
    CSS.highlights.set("passage", new Highlight(words.range(first, end)));
  } else {
    for (let n = words.sentenceOf(first); words.firsts[n] < end; n++) words.sentences[n].classList.add("passage");
  }
}

// Where the words that a link names stand now. "unknown": those of another recording, or of a link that was mangled.
async function stands(words, menu, revision, first, end) {
  if (revision === words.revision) return { state: end <= words.count ? "same" : "unknown", first, end };
  const moves = menu.dataset.moves && (await fetch(menu.dataset.moves).then((answer) => answer.json()).catch(() => null));
  const move = moves && moves.revision === words.revision && moves.from[revision];
  const known = move ? move.sentences.reduce((sum, length) => sum + length, 0) : 0;
  if (!(first < end && end <= known)) return { state: "unknown" };
  await words.load();
  return { ...resolve(move, first, end), was: stood(move, words, first, end) };
}

// The words as they were: those that stay are taken from the page.
function stood(move, words, first, end) {
  let text = "", at = 0;
  for (const { kind, old, gone, now } of blocksOf(move)) {
    const start = Math.max(first, old) - old, stop = Math.min(end, old + gone) - old;
    if (start < stop) text += kind === SAME ? ` ${words.range(now + start, now + stop)}` : move.gone.slice(at + start, at + stop).join("");
    if (kind !== SAME) at += gone;
  }
  return text.replace(/\s+/g, " ").trim();
}

async function arrive(words, menu) {
  const [, revision, from, to] = /^(\d+)\.(\d+)-(\d+)$/.exec(new URLSearchParams(location.search).get("passage")) ?? [];
  if (!revision) return gone(menu);
  const place = await stands(words, menu, +revision, +from, +to);
  if (!(place.first < place.end && place.end <= words.count)) {
    const target = document.getElementById(location.hash.slice(1)) ?? words.sentences[0];
    note(target.querySelector(".s") ?? target, menu, menu.dataset[place.state === "orphan" ? "orphan" : "unknown"], place.was);
    return;
  }
  await words.load();
  const sentence = words.sentences[words.sentenceOf(place.first)];
  if (menu.dataset[place.state]) note(sentence, menu, menu.dataset[place.state], place.was);
  mark(words, place.first, place.end);
  sentence.scrollIntoView({ block: "center" });
  if (words.starts && player()) player().currentTime = words.starts[place.first] / 1000;
}

// A link to a sentence whose words have gone leads to an empty place: say so.
function gone(menu) {
  const target = document.getElementById(location.hash.slice(1));
  if (target?.matches("a.former.gone")) note(target, menu, menu.dataset.time);
}

if (globalThis.document) {
  const turns = document.querySelector(".turns[data-revision]"), menu = document.getElementById("quote");
  if (turns && menu) {
    const quoting = new Quoting(turns, menu, document.getElementById("quote-selection"));
    addEventListener("hashchange", () => gone(menu));
    arrive(quoting.words, menu);
  }
}

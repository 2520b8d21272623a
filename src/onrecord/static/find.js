/* Finds words in the transcript on this page. Without it, the form leads to the site's own search. */

const SAME = { "ي": "ی", "ى": "ی", "ك": "ک", "ہ": "ه", "ۀ": "ه", "ة": "ه", "ؤ": "و", "ٱ": "ا", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "ς": "σ", "’": "'" };

/* `digits` are the page's own, from 0 to 9. */
export function find(form, turns, digits) {
  const field = form.querySelector("[type=search]"), count = form.querySelector("output"), found = form.querySelector(".found");
  const marks = CSS.highlights ? [new Highlight(), new Highlight()] : null;
  if (marks) { CSS.highlights.set("found", marks[0]); CSS.highlights.set("found-here", marks[1]); marks[1].priority = 1; }
  const number = (value) => String(value).replace(/\d/g, (digit) => digits[digit]);
  let texts, hits = [], here = -1, asked = "";

  function search() {
    const wanted = fold(field.value.trim()).text;
    if (wanted === asked) return;
    asked = wanted;
    texts ??= [...turns.querySelectorAll(".s")].map((span) => ({ span, ...fold(span.textContent) }));
    hits = wanted ? texts.flatMap((one) => places(one, wanted)) : [];
    here = -1;
    marks?.forEach((mark) => mark.clear());
    for (const range of hits) marks?.[0].add(range);
    found.hidden = !wanted;
    count.textContent = hits.length ? number(hits.length) : count.dataset.none;
  }

  function go(step) {
    if (!hits.length) return;
    here = (here + step + hits.length) % hits.length;
    marks?.[1].clear();
    marks?.[1].add(hits[here]);
    const sentence = hits[here].startContainer.parentElement.closest(".s");
    count.replaceChildren(`${number(here + 1)}/${number(hits.length)} `, way(sentence));
    sentence.scrollIntoView({ block: "center" });
  }

  // Who says it and when, which leads there: for those who do not see it come into view.
  function way(sentence) {
    const link = document.createElement("a"), turn = sentence.closest(".turn");
    link.href = `#${sentence.id || turn.id}`;
    link.textContent = [...turn.querySelectorAll(".who b, .who .moment")].map((part) => part.textContent).join(" ");
    link.dir = "auto";
    return link;
  }

  field.addEventListener("input", search);
  form.addEventListener("submit", (event) => { event.preventDefault(); search(); go(1); });
  form.querySelector(".earlier").addEventListener("click", () => go(here < 0 ? 0 : -1));
  form.querySelector(".later").addEventListener("click", () => go(1));
  form.addEventListener("keydown", (event) => { if (event.key === "Escape") { field.value = ""; search(); } });
  search();
}

/* A text without case and marks, and where each of its letters stood. */
function fold(text) {
  let folded = "";
  const from = [];
  for (let at = 0; at < text.length; ) {
    const letter = String.fromCodePoint(text.codePointAt(at));
    for (const plain of letter.normalize("NFD").replace(/[\p{M}\u0640]/gu, "").toLowerCase())
      for (const unit of SAME[plain] ?? plain) { folded += unit; for (let n = 0; n < unit.length; n++) from.push(at); }
    at += letter.length;
  }
  from.push(text.length);
  return { text: folded, from };
}

function places({ span, text, from }, wanted) {
  const ranges = [];
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
    const range = document.createRange();
    range.setStart(...point(span, from[at]));
    range.setEnd(...point(span, from[at + wanted.length]));
    ranges.push(range);
  }
  return ranges;
}

/* Where a place in a sentence's text is: what was redacted stands in an element of its own. */
function point(span, at) {
  const walker = document.createTreeWalker(span, NodeFilter.SHOW_TEXT);
  let node = walker.nextNode();
  for (let next; at > node.length && (next = walker.nextNode()); node = next) at -= node.length;
  return [node, at];
}

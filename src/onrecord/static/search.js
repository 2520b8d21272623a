/* Shows results while one types, and plays a moment where it stands. Without this the form and the links do the same. */

const form = document.querySelector("form.query");
const results = document.getElementById("results");
const PAUSE = 250; // milliseconds without a key before the question is asked

let waiting = 0;
let asking = null;

function address() {
  const fields = [...new FormData(form)].filter(([, value]) => value !== "");
  return new URLSearchParams(fields);
}

// While a word is being typed it stands for all words that begin like it.
async function ask(typing) {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const fields = address();
  const shown = `${form.action}${fields.size ? `?${fields}` : ""}`;
  fields.set("part", "results");
  if (typing && /[^\s"“”«»]$/u.test(form.elements.q.value)) fields.set("typing", "yes");
  try {
    const answer = await fetch(`${form.action}?${fields}`, { signal });
    if (!answer.ok) return; // the last results stay; sending the form shows what is wrong
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    history.replaceState(null, "", shown);
  } catch (error) {
    if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
  }
}

/** The line that counts stays the same element, so that a screen reader speaks its change and nothing else. */
function show(page) {
  const count = results.querySelector(".count");
  const fresh = page.querySelector(".count");
  player.remove();
  while (count.nextSibling) count.nextSibling.remove();
  if (count.textContent !== fresh.textContent) count.textContent = fresh.textContent;
  fresh.remove();
  results.append(...page.body.childNodes);
}

form.addEventListener("input", (event) => {
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE, event.target === form.elements.q);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  ask(false);
});

const player = document.createElement("audio");
player.controls = true;
player.preload = "metadata";
let playing = null;

results.addEventListener("click", (event) => {
  const link = event.target.closest("a.play[data-sound]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (link === playing && player.isConnected) {
    if (player.paused) player.play();
    else player.pause();
    return;
  }
  player.pause();
  playing?.setAttribute("aria-label", playing.dataset.from ?? playing.getAttribute("aria-label"));
  playing?.removeAttribute("data-playing");
  playing = link;
  const start = Number(link.dataset.start);
  player.src = `${link.dataset.sound}#t=${start}`;
  player.setAttribute("aria-label", link.getAttribute("aria-label"));
  link.closest("li").append(player);
  player.addEventListener("loadedmetadata", () => { player.currentTime = start; }, { once: true });
  player.play().catch(named);
});

// What a press of the link does now is its name.
function named() {
  if (!playing) return;
  playing.dataset.from ??= playing.getAttribute("aria-label");
  playing.setAttribute("aria-label", player.paused ? playing.dataset.from : playing.dataset.pause);
  playing.toggleAttribute("data-playing", !player.paused);
}

player.addEventListener("play", named);
player.addEventListener("pause", named);

// The queue by keyboard: j and k go from comment to comment; in the one that has the focus p publishes, r returns, a
// answers, x chooses it, w chooses all of its writer. b goes to the bar for those chosen, u to what can be undone. Keys
// count only in the list, so that they are in nobody's way while writing or with a screen reader.

const items = [...document.querySelectorAll(".queue > li")];
const bar = document.querySelector(".bulk");
const boxes = [...document.querySelectorAll(".queue [name=key]")];

function go(step) {
  const here = items.indexOf(document.activeElement.closest(".queue > li"));
  items[Math.min(Math.max(here + step, 0), items.length - 1)].focus();
}

function count() {
  if (!bar) return;
  const chosen = boxes.filter((box) => box.checked).length;
  const words = bar.querySelector("b");
  if (!words.dataset.none) words.dataset.none = words.textContent;
  if (!chosen) words.textContent = words.dataset.none;
  else words.textContent = chosen === 1 ? words.dataset.one : words.dataset.many.replace("…", chosen);
}

function chooseAllOf(item) {
  const theirs = boxes.filter((box) => box.closest("li").dataset.writer === item.dataset.writer);
  const on = !theirs.every((box) => box.checked);
  for (const box of theirs) box.checked = on;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[name=key]")) count();
});

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (target.matches("input:not([type=checkbox]), textarea, select") || !target.closest(".queue")) return;
  const item = target.closest(".queue > li");
  if (event.key === "j") go(1);
  else if (event.key === "k") go(-1);
  else if (event.key === "b") bar?.querySelector("button").focus();
  else if (event.key === "u") document.querySelector(".undo button")?.focus();
  else if (event.key === "x") item.querySelector("[name=key]")?.click();
  else if (event.key === "w" && item.querySelector("[name=key]")) {
    chooseAllOf(item);
    count();
  } else if (target !== item) return;
  else if (event.key === "p") target.querySelector("[value=publish]")?.click();
  else if (event.key === "a") target.querySelector("a.answer")?.click();
  else if (event.key === "r") {
    const form = target.querySelector("details");
    if (!form) return;
    form.open = true;
    form.querySelector("textarea").focus();
  } else return;
  event.preventDefault();
});

if (items.length) {
  document.querySelector(".keys").hidden = false;
  count();
  items[0].focus();
}

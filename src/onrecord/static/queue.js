// The queue by keyboard: j and k go from comment to comment; p publishes, r returns and a answers the one that has the
// focus. Keys count only there, so that they are in nobody's way while writing or with a screen reader.

const items = [...document.querySelectorAll(".queue > li")];

function go(step) {
  const here = items.indexOf(document.activeElement.closest(".queue > li"));
  items[Math.min(Math.max(here + step, 0), items.length - 1)].focus();
}

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.ctrlKey || event.altKey || event.metaKey || target.matches("input, textarea, select")) return;
  if (!target.closest(".queue")) return;
  if (event.key === "j") go(1);
  else if (event.key === "k") go(-1);
  else if (!items.includes(target)) return;
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
  items[0].focus();
}

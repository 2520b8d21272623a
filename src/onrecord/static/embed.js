// The player in a frame begins at ?t= or #t= and chapters lead into it. Without this it plays from the beginning.

// Seconds of "90", "1:30", "0:01:30" or "1h2m3s"; not a number for anything else.
function seconds(text) {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  if (/^\d+(:\d{1,2}){1,2}$/.test(text)) return text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  if (!parts || text === "") return NaN;
  return (parts[1] ?? 0) * 3600 + (parts[2] ?? 0) * 60 + Number(parts[3] ?? 0);
}

const player = document.querySelector("audio");

function begin() {
  const asked = new URLSearchParams(location.hash.slice(1)).get("t") ?? new URLSearchParams(location.search).get("t");
  const start = seconds((asked ?? "").split(",")[0]);
  if (player && start >= 0) player.currentTime = start;
}

begin();
addEventListener("hashchange", begin);

for (const link of document.querySelectorAll("[data-start]")) {
  link.addEventListener("click", (event) => {
    if (!player || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    player.currentTime = Number(link.dataset.start);
    player.play();
  });
}

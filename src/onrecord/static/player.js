/* One player for the sound and the pictures of an episode. Without it, the browser's own controls stay as they are.
   Others steer it by an event: document.dispatchEvent(new CustomEvent("onrecord:play", {detail: {from, to}})), in ms. */

const root = document.querySelector("#player");
const turns = document.querySelector(".turns");
const SAVED_EVERY = 5;
const WORTH_KEEPING = 10;

if (root?.querySelector("audio, video")) start();

function start() {
  const video = root.querySelector("video");
  const audio = root.querySelector("audio");
  const place = root.querySelector(".controls");
  const bar = place.querySelector("template").content.firstElementChild.cloneNode(true);
  const find = (name) => bar.querySelector(name);
  const [seekBar, play, at, whole, now, voice] =
    [".seek-bar", ".play", ".at", ".whole", ".now", ".voice"].map(find);
  const chapters = [...document.querySelectorAll(".chapters [data-start]")].map((item) => ({
    item, start: item.dataset.start / 1000, title: item.querySelector(".title").textContent,
  }));
  let media = video ?? audio;
  let begun = false, until = Infinity, savedAt = 0, following, whereNow = "";

  const length = () => (isFinite(media.duration) && media.duration) || +root.dataset.seconds || 0;
  const memory = (key, value) => {
    try {
      if (value === undefined) return localStorage.getItem(key);
      return value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value);
    } catch { return null; }
  };

  function seek(seconds) {
    media.currentTime = Math.max(0, Math.min(seconds, length() || seconds));
    until = Infinity;
    show();
    following?.then((text) => text?.moved());
  }

  function begin() {
    begun = true;
    root.classList.add("begun");
    dock();
    return (following ??= turns && root.dataset.words
      ? import(root.dataset.follow).then((module) => module.follow(turns, root.dataset.words, player, voice)).catch(() => null)
      : Promise.resolve(null));
  }

  const player = {
    get time() { return media.currentTime * 1000; },
    get playing() { return !media.paused && !media.ended; },
    get rate() { return media.playbackRate; },
    seek: (ms) => seek(ms / 1000),
  };

  const toggle = () => (media.paused ? media.play().catch(() => show()) : media.pause());

  function use(other) {
    if (other === media) return;
    const playing = player.playing;
    other.currentTime = media.currentTime;
    other.playbackRate = media.playbackRate;
    media.pause();
    media = other;
    mode();
    if (playing) media.play().catch(() => show());
    show();
  }

  function mode() {
    root.classList.toggle("watching", media === video);
    for (const button of bar.querySelectorAll("[data-mode]"))
      button.setAttribute("aria-pressed", (button.dataset.mode === "video") === (media === video));
    for (const only of bar.querySelectorAll(".captions, .full")) only.hidden = media !== video;
  }

  /* While the voice runs on, a slider that has the focus keeps still, or a screen reader would read out every second. */
  function show({ runs = false } = {}) {
    const time = media.currentTime, all = length();
    if (!runs || document.activeElement !== seekBar) {
      seekBar.max = Math.ceil(all);
      seekBar.value = time;
      seekBar.setAttribute("aria-valuetext", `${clock(time)} ${seekBar.dataset.of} ${clock(all)}`);
    }
    bar.style.setProperty("--at", `${all ? (time / all) * 100 : 0}%`);
    at.textContent = clock(time);
    whole.textContent = all ? `/ ${clock(all)}` : "";
    const playing = player.playing;
    root.classList.toggle("playing", playing);
    play.setAttribute("aria-label", playing ? play.dataset.pause : play.dataset.play);
    chapter(time);
  }

  function chapter(time) {
    const here = chapters.findLast((one) => one.start <= time + 0.05);
    if (here?.title === whereNow) return;
    whereNow = here?.title ?? "";
    now.textContent = whereNow;
    for (const one of chapters) {
      if (one === here && begun) one.item.setAttribute("aria-current", "true");
      else one.item.removeAttribute("aria-current");
    }
  }

  function keep(force) {
    const time = media.currentTime;
    if (!begun || (!force && Math.abs(time - savedAt) < SAVED_EVERY)) return;
    savedAt = time;
    const ended = media.ended || time > length() - WORTH_KEEPING;
    memory(`onrecord:${root.dataset.key}`, ended || time < WORTH_KEEPING ? null : time.toFixed(1));
  }

  video?.addEventListener("playing", () => root.classList.add("rolling"), { once: true });
  if (video) video.controls = false;
  for (const element of [video, audio].filter(Boolean)) {
    element.addEventListener("play", () => { begin(); session(); show(); whereNow = null; });
    for (const name of ["pause", "ended", "durationchange", "seeked", "emptied"]) element.addEventListener(name, () => element === media && show());
    element.addEventListener("pause", () => element === media && keep(true));
    element.addEventListener("timeupdate", () => {
      if (element !== media) return;
      if (media.currentTime >= until) { until = Infinity; media.pause(); }
      show({ runs: player.playing });
      keep(false);
    });
  }
  addEventListener("pagehide", () => keep(true));

  play.addEventListener("click", toggle);
  video?.addEventListener("click", () => media === video && !document.fullscreenElement && toggle());
  find(".back").addEventListener("click", () => seek(media.currentTime - 15));
  find(".forward").addEventListener("click", () => seek(media.currentTime + 30));
  for (const name of ["keydown", "pointerdown"]) seekBar.addEventListener(name, () => { seekBar.value = media.currentTime; });
  seekBar.addEventListener("input", () => { begin(); seek(+seekBar.value); });
  const speed = find(".speed");
  speed.addEventListener("change", () => { media.playbackRate = +speed.value; memory("onrecord:speed", speed.value); });
  const remembered = memory("onrecord:speed");
  if (remembered && [...speed.options].some((one) => one.value === remembered)) {
    speed.value = remembered;
    for (const element of [video, audio]) if (element) element.playbackRate = element.defaultPlaybackRate = +remembered;
  }
  for (const button of bar.querySelectorAll("[data-mode]"))
    button.addEventListener("click", () => use(button.dataset.mode === "video" ? video : audio));
  find(".captions")?.addEventListener("click", ({ currentTarget: button }) => {
    const track = video.textTracks[0];
    track.mode = track.mode === "showing" ? "disabled" : "showing";
    button.setAttribute("aria-pressed", track.mode === "showing");
  });
  find(".full")?.addEventListener("click", () => (video.requestFullscreen ? video.requestFullscreen() : video.webkitEnterFullscreen()));
  document.addEventListener("fullscreenchange", () => { if (video) video.controls = document.fullscreenElement === video; });

  root.addEventListener("keydown", (event) => {
    const own = event.target.matches("button, select, input");
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches("select, video[controls]")) return;
    const range = event.target === seekBar;
    const step = { j: -15, l: 30, ArrowLeft: range ? 0 : -15, ArrowRight: range ? 0 : 30 }[event.key];
    if (event.key === "k" || (event.key === " " && (!own || range))) toggle();
    else if (step) seek(media.currentTime + step);
    else return;
    event.preventDefault();
  });

  for (const { item, start } of chapters)
    item.addEventListener("click", (event) => {
      if (!event.target.closest(".time")) return begun && seek(start);
      event.preventDefault();
      seek(start);
      media.play().catch(() => show());
    });

  turns?.addEventListener("click", async (event) => {
    if (event.button || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !getSelection().isCollapsed) return;
    if (event.target.closest("button") || (event.target.closest("a") && !event.target.closest(".who a"))) return;
    const text = await begin();
    const ms = text?.timeAt(event);
    if (ms !== undefined) { seek(ms / 1000); text.stay(); }
  });

  document.addEventListener("onrecord:play", async ({ detail: { from, to } }) => {
    await begin();
    seek(from / 1000);
    if (to) until = to / 1000;
    media.play().catch(() => show());
  });

  const field = document.querySelector("form.find");
  field?.addEventListener("focusin", () => import(root.dataset.find).then((module) => module.find(field, turns, root.dataset.digits)), { once: true });

  function dock() {
    const away = begun && !place.inView;
    const stage = root.querySelector(".stage");
    if (away && !bar.classList.contains("docked")) {
      place.style.minBlockSize = `${place.offsetHeight}px`;
      if (stage) stage.style.minBlockSize = `${stage.offsetHeight}px`;
    }
    bar.classList.toggle("docked", away);
    root.classList.toggle("away", away);
    document.documentElement.classList.toggle("has-dock", away);
    if (!away) place.style.minBlockSize = "";
    if (!away && stage) stage.style.minBlockSize = "";
  }

  function session() {
    if (!("mediaSession" in navigator)) return;
    const picture = root.querySelector("img")?.currentSrc;
    navigator.mediaSession.metadata = new MediaMetadata({
      title: root.dataset.title, artist: root.dataset.show, artwork: picture ? [{ src: picture }] : [],
    });
    const actions = {
      play: () => media.play(), pause: () => media.pause(),
      seekbackward: (by) => seek(media.currentTime - (by.seekOffset || 15)),
      seekforward: (by) => seek(media.currentTime + (by.seekOffset || 30)),
      seekto: (to) => seek(to.seekTime),
      previoustrack: chapters.length ? () => seek(chapters.findLast((one) => one.start < media.currentTime - 3)?.start ?? 0) : null,
      nexttrack: chapters.length ? () => seek(chapters.find((one) => one.start > media.currentTime)?.start ?? length()) : null,
    };
    for (const [name, does] of Object.entries(actions))
      try { navigator.mediaSession.setActionHandler(name, does); } catch { /* not known to this browser */ }
  }

  async function wave() {
    const answer = await fetch(root.dataset.peaks);
    if (!answer.ok) return;
    const { peaks } = await answer.json();
    const bars = Math.min(peaks.length, 150);
    let path = "";
    for (let n = 0; n < bars; n++) {
      const part = peaks.slice(Math.floor((n * peaks.length) / bars), Math.floor(((n + 1) * peaks.length) / bars));
      const high = Math.max(2, (Math.max(...part) / 255) * 48);
      path += `M${((n + 0.5) * 300) / bars} ${50 - high}v${high * 2}`;
    }
    for (const one of bar.querySelectorAll(".wave path")) one.setAttribute("d", path);
  }

  function mark() {
    const all = length();
    const marks = find(".marks");
    chapters.forEach(({ start, title }, n) => {
      if (start >= all) return;
      const item = document.createElement("li"), button = document.createElement("button");
      item.style.insetInlineStart = `${(start / all) * 100}%`;
      item.style.inlineSize = `${(((chapters[n + 1]?.start ?? all) - start) / all) * 100}%`;
      Object.assign(button, { type: "button", tabIndex: -1, textContent: title, title });
      button.dir = "auto";
      button.addEventListener("click", () => { begin(); seek(start); });
      item.append(button);
      marks.append(item);
    });
  }

  function cue(asked) {
    const hash = location.hash.slice(1);
    const passage = asked.get("play");
    const moment = passage === null
      ? seconds(asked.get("t") ?? (hash.startsWith("t=") ? hash.slice(2) : /^t\d+(-\d+)?$/.test(hash) ? hash.slice(1).split("-")[0] : ""))
      : passage / 1000;
    if (moment >= 0) {
      begin();
      seek(moment);
      if (passage !== null) media.play().catch(() => show());
    } else if (+memory(`onrecord:${root.dataset.key}`) > 0) {
      seek(+memory(`onrecord:${root.dataset.key}`));
    }
  }
  addEventListener("hashchange", () => /^#t(=|\d+(-\d+)?$)/.test(location.hash) && !player.playing && cue(new URLSearchParams()));

  root.classList.add("ready");
  takeOver(audio, bar);
  place.append(bar);
  place.inView = true;
  new IntersectionObserver((entries) => { place.inView = entries.at(-1).isIntersecting; dock(); }).observe(place);
  mode();
  mark();
  show();
  cue(new URLSearchParams(location.search));
  if (root.dataset.peaks) wave().catch(() => null);
}

/* Our bar takes the place of the browser's controls in a sheet that is not saved with the page: from a disk no script runs. */
function takeOver(audio, bar) {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("#player audio { display: none; } #player .bar { display: block; }");
    document.adoptedStyleSheets.push(sheet);
  } catch { // an older browser
    bar.style.display = "block";
    if (audio) audio.hidden = true;
  }
}

/* In the digits of the page. */
function clock(time) {
  const whole = Math.floor(time), two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const text = whole >= 3600 ? `${Math.floor(whole / 3600)}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  return text.replace(/\d/g, (digit) => root.dataset.digits[digit]);
}

/* "754", "12:34", "1:02:03", "1h2m3s" as seconds; NaN for anything else. */
function seconds(text) {
  if (/^\d+(\.\d+)?$/.test(text)) return +text;
  if (/^\d+(:\d{1,2}){1,2}$/.test(text)) return text.split(":").reduce((sum, part) => sum * 60 + +part, 0);
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text);
  return text && parts ? (parts[1] ?? 0) * 3600 + (parts[2] ?? 0) * 60 + +(parts[3] ?? 0) : NaN;
}

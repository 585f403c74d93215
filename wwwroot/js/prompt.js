// The prompt's textarea belongs to the browser: the server never writes into it while a person types. Here it grows with its
// text, shows the white space at its end, and tells the server its text when the typing pauses.
const pause = 120;

const marks = { " ": "space", "\n": "newline", "\t": "tab" };

function draw(mirror, text) {
  const end = text.search(/[ \t\n]+$/);
  const body = end < 0 ? text : text.slice(0, end);
  mirror.replaceChildren(body);
  for (const character of end < 0 ? "" : text.slice(end)) {
    const mark = document.createElement("span");
    mark.className = `kp-mark kp-mark-${marks[character]}`;
    mark.textContent = character;
    mirror.append(mark);
  }
  // A last line that is empty has no height of its own.
  mirror.append("\u200b");
}

export function attach(area, mirror, page) {
  let timer = 0;
  let told = area.value;
  const tell = () => {
    clearTimeout(timer);
    timer = 0;
    if (area.value === told) return;
    told = area.value;
    // A lost line refuses; the text is told again when it is back.
    page.invokeMethodAsync("OnTyped", told).catch(() => { told = null; });
  };
  const onInput = () => {
    draw(mirror, area.value);
    clearTimeout(timer);
    timer = setTimeout(tell, pause);
  };
  area.addEventListener("input", onInput);
  area.addEventListener("change", tell);
  document.addEventListener("kp-flush", tell);

  const early = window.kpTyped();
  if (early && early.value !== area.value) {
    area.value = early.value;
    area.focus();
    area.setSelectionRange(early.selectionStart, early.selectionEnd);
    tell();
  }
  draw(mirror, area.value);

  return {
    set(text) {
      clearTimeout(timer);
      told = text;
      if (area.value !== text) {
        area.value = text;
        draw(mirror, text);
      }
    },
    focus() { area.focus(); },
    tell,
    stop() {
      clearTimeout(timer);
      area.removeEventListener("input", onInput);
      area.removeEventListener("change", tell);
      document.removeEventListener("kp-flush", tell);
    },
  };
}

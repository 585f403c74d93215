// The prompt: an editor that grows with its text and shows the white space at its end.
import { attach as attachEditor } from './editor.js';

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
  const editor = attachEditor(area, page, { pause: 120, changed: text => draw(mirror, text) });
  draw(mirror, area.value);
  return editor;
}

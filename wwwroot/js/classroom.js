// The keys to rooms live in this browser and nowhere else; the server knows their hashes. And the teacher's keys of a single letter.
import { tell } from "./tell.js";

const prefix = "kp.room.";
const most = 12;
const here = "kp.class"; // in the tab's own storage: another tab of this browser may be in another room, or in none

const rooms = () => {
  try { return Object.keys(localStorage).filter((name) => name.startsWith(prefix)); } catch { return []; }
};

export function keep(code, key, teacher) {
  try {
    localStorage.setItem(prefix + code, JSON.stringify({ key, teacher, at: Date.now() }));
    const kept = rooms().map((name) => ({ name, at: recall(name.slice(prefix.length))?.at ?? 0 })).sort((a, b) => b.at - a.at);
    for (const { name } of kept.slice(most)) localStorage.removeItem(name);
    return true;
  } catch {
    return false;
  }
}

export function recall(code) {
  try {
    const kept = JSON.parse(localStorage.getItem(prefix + code));
    return typeof kept?.key === "string" ? { key: kept.key, teacher: kept.teacher === true, at: Number(kept.at) || 0 } : null;
  } catch {
    return null;
  }
}

export function forget(code) {
  try {
    localStorage.removeItem(prefix + code);
    if (sessionStorage.getItem(here) === code) sessionStorage.removeItem(here);
    return true;
  } catch {
    return false;
  }
}

export function sit(code) {
  try {
    sessionStorage.setItem(here, code);
    return true;
  } catch {
    return false;
  }
}

export function seat() {
  try {
    const code = sessionStorage.getItem(here);
    const kept = code && recall(code);
    return kept ? { code, ...kept } : null;
  } catch {
    return null;
  }
}

// The room that this browser was in last, to be offered on the way back.
export function last() {
  const kept = rooms().map((name) => ({ code: name.slice(prefix.length), ...recall(name.slice(prefix.length)) }));
  kept.sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
  return kept.filter(({ key }) => key).slice(0, 3);
}

const editable = (element) => element?.closest?.("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

export function keys(page) {
  const onKey = (event) => {
    if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.documentElement.dataset.keys === "off" || editable(event.target) || document.querySelector(".mud-dialog")) return;
    const key = event.key.toLowerCase();
    if (["v", "r", "n"].includes(key)) {
      event.preventDefault();
      tell(page, "OnKey", key);
    }
  };
  document.addEventListener("keydown", onKey);
  return { stop() { document.removeEventListener("keydown", onKey); } };
}

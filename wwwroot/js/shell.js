// Keys that work everywhere on the page. The server is told the action, not the key.
import { giveBack } from "./early-typed.js";
import { tell } from "./tell.js";
import { watchTerms } from "./terms.js";

const editable = (element) => element?.closest?.("input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable]");
// The prompt's own undo would know nothing of what presets and undo put there; other fields keep theirs.
const undoable = (element) => !editable(element) || element.id === "prompt";
const pressable = (element) => element?.closest?.("button, a, summary, input, [role=button], [data-scroll][tabindex]");
const sliding = (element) => element?.matches?.("input[type=range]");
const floating = () => document.querySelector(".mud-dialog, .mud-popover-open");

export function listen(page) {
  const act = (action) => tell(page, "OnShortcut", action);
  const help = (word) => tell(page, "OnHelp", word);
  const terms = watchTerms(help);
  const onKey = (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      // A number field tells its value when it is left: make it tell now, or the old value would be used.
      document.activeElement?.dispatchEvent(new Event("change", { bubbles: true }));
      document.dispatchEvent(new CustomEvent("kp-flush"));
      act("generate");
      return;
    }
    if ((event.ctrlKey || event.metaKey) && !event.altKey && /^[zy]$/i.test(event.key) && undoable(event.target)) {
      event.preventDefault();
      document.dispatchEvent(new CustomEvent("kp-flush"));
      act(event.shiftKey || /y/i.test(event.key) ? "redo" : "undo");
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      // A question takes itself back, and nothing else.
      if (event.target.closest?.(".kp-ask")) return;
      // A menu that was opened with the mouse has left the focus on its button, where it hears no Escape.
      if (!floating()) act("escape");
      else if (document.activeElement?.matches("[aria-haspopup][aria-expanded=true]")) document.activeElement.click();
      return;
    }
    if (document.documentElement.dataset.keys === "off" || editable(event.target)) return;
    if (event.key === "p" || event.key === "P") { event.preventDefault(); act("presentation"); }
    else if (event.key === "?") { event.preventDefault(); help(terms.current()); }
    else if (event.key === " ") {
      if (document.querySelector("[data-steps]") && !pressable(event.target) && !floating()) { event.preventDefault(); act("step"); }
    }
    else if (/^[1-9bl+-]$/i.test(event.key) && !floating() && !sliding(event.target)) act(`key:${event.key.toLowerCase()}`);
  };
  const onClick = (event) => {
    // The address of the page stays as it is: a fragment would be taken relative to the base.
    if (event.target.closest?.(".kp-skip")) {
      event.preventDefault();
      document.getElementById("main").focus();
    }
  };
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick, true);
  const unwatch = window.kpLook.watch((look) => tell(page, "OnLook", look));
  giveBackTyped();
  document.documentElement.dataset.interactive = "true";
  return {
    stop() {
      document.removeEventListener("keydown", onKey);
      document.removeEventListener("click", onClick, true);
      terms.stop();
      unwatch();
    },
  };
}

// Editors take theirs back themselves (editor.js); the others are told as by a person who types.
function giveBackTyped() {
  for (const id of window.kpTyped.ids()) {
    const field = document.getElementById(id);
    if (field && !field.matches("#prompt, .kp-editor") && giveBack(field)) {
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
}

export const look = () => window.kpLook.get();
export const setLook = (name, value) => window.kpLook.set(name, value);

// A new page is read from its heading; who has already begun to write in it is left alone.
export function focusHeading() {
  const heading = document.querySelector("h1");
  if (heading && !document.activeElement?.closest("#main *")) {
    heading.tabIndex = -1;
    heading.focus();
  }
}

// The glossary is long: the word that was asked for comes into sight and gets the focus.
export function revealWord(id) {
  const entry = document.getElementById(id);
  entry?.scrollIntoView({ block: "center" });
  entry?.focus();
}

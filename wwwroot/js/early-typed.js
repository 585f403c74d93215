// Gives a field what was typed into it before the page had its circuit (early.js), and the focus if it had it.
// Returns whether its value changed by that.
export function giveBack(field) {
  const early = window.kpTyped.take(field.id);
  if (!early) return false;
  const changed = field.value !== early.value;
  if (changed) field.value = early.value;
  if (early.hadFocus && document.activeElement === document.body) {
    field.focus();
    // Number fields have no selection.
    if (early.selection[0] !== null) field.setSelectionRange(...early.selection);
  }
  return changed;
}

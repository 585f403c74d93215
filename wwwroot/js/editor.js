// A text area that belongs to the browser: the server never writes into it while a person types; it is told when the typing pauses.
// changed is called with each new text, at once.
import { giveBack } from './early-typed.js';

export function attach(area, page, { pause = 150, changed = () => {} } = {}) {
  let timer = 0;
  let told = area.defaultValue;
  const tell = async () => {
    clearTimeout(timer);
    if (area.value === told) return;
    told = area.value;
    // A half of a surrogate pair cannot travel. A lost line refuses; the text is told again when it is back.
    await page.invokeMethodAsync('OnTyped', told.toWellFormed()).catch(() => { told = null; });
  };
  const onInput = () => {
    changed(area.value);
    clearTimeout(timer);
    timer = setTimeout(tell, pause);
  };
  area.addEventListener('input', onInput);
  area.addEventListener('change', tell);
  document.addEventListener('kp-flush', tell);
  // What was typed before there was anybody to tell.
  if (giveBack(area)) changed(area.value);
  if (area.value !== told) timer = setTimeout(tell, pause);
  return {
    set(text) {
      clearTimeout(timer);
      told = text;
      if (area.value !== text) {
        area.value = text;
        changed(text);
      }
    },
    focus() { area.focus(); },
    tell,
    stop() {
      clearTimeout(timer);
      area.removeEventListener('input', onInput);
      area.removeEventListener('change', tell);
      document.removeEventListener('kp-flush', tell);
    },
  };
}

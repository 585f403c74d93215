// Words that the glossary explains: [data-term] anywhere on the page. The meaning comes on hover and focus, can be pointed at, and
// goes with Escape; a press, or ? while it is pointed at, opens the glossary there.
export function watchTerms(open) {
  const tip = document.createElement('div');
  tip.className = 'kp-term-tip';
  tip.id = 'kp-term-tip';
  tip.popover = 'manual';
  tip.setAttribute('role', 'tooltip');
  document.body.append(tip);
  let at = null;
  let timer = 0;
  const ends = new AbortController();
  const on = (type, handler, options) => document.addEventListener(type, handler, { signal: ends.signal, ...options });
  const termOf = target => target?.closest?.('[data-term]') ?? null;
  const hide = () => {
    clearTimeout(timer);
    at?.removeAttribute('aria-describedby');
    at = null;
    if (tip.matches(':popover-open')) tip.hidePopover();
  };
  const soon = (delay, action) => {
    clearTimeout(timer);
    timer = setTimeout(action, delay);
  };
  const show = term => {
    if (!term.isConnected) return;
    at?.removeAttribute('aria-describedby');
    at = term;
    tip.replaceChildren(term.dataset.meaning);
    if (term.dataset.formula) {
      const formula = document.createElement('span');
      formula.textContent = term.dataset.formula;
      tip.append(formula);
    }
    term.setAttribute('aria-describedby', tip.id);
    if (!tip.matches(':popover-open')) tip.showPopover();
    const box = term.getBoundingClientRect();
    // Above, where there is room: the number stands below its word.
    const below = box.top - 6 - tip.offsetHeight < 0;
    tip.style.left = `${Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${below ? box.bottom + 6 : box.top - 6 - tip.offsetHeight}px`;
  };
  on('pointerover', event => {
    const term = termOf(event.target);
    if (term !== null && event.pointerType === 'mouse') soon(250, () => show(term));
    else if (tip.contains(event.target)) clearTimeout(timer);
    else if (at !== null) soon(140, hide);
  });
  on('focusin', event => {
    const term = termOf(event.target);
    if (term?.matches(':focus-visible')) show(term);
    else if (at !== null) hide();
  });
  on('click', event => {
    const term = termOf(event.target);
    if (term !== null) {
      hide();
      open(term.dataset.term);
    }
  });
  on('scroll', () => { if (at !== null && !tip.matches(':hover')) hide(); }, { capture: true, passive: true });
  on('keydown', event => {
    if (event.key === 'Escape' && at !== null) {
      hide();
      event.preventDefault();
    }
  }, { capture: true });
  return {
    // The word that is pointed at or has the focus.
    current: () => (at ?? document.querySelector('[data-term]:is(:hover, :focus)'))?.dataset.term ?? null,
    stop() {
      hide();
      ends.abort();
      tip.remove();
    },
  };
}

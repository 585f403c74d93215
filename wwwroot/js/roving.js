// A list of many things with one tab stop: arrows walk over them, Home and End go to the ends; Enter and Space press, as everywhere.
export function attach(list) {
  const ends = new AbortController();
  list.addEventListener('keydown', event => {
    const items = [...list.querySelectorAll('[role="option"]')];
    const at = items.indexOf(event.target.closest('[role="option"]'));
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const next = to(event.key, items, at);
    if (next === undefined) return;
    event.preventDefault();
    items[at].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }, { signal: ends.signal });
  return { stop() { ends.abort(); } };
}

function to(key, items, at) {
  switch (key) {
    case 'ArrowRight': return items[at + 1];
    case 'ArrowLeft': return items[at - 1];
    case 'Home': return items[0];
    case 'End': return items.at(-1);
    case 'ArrowDown': return line(items.slice(at + 1), items[at]);
    case 'ArrowUp': return line(items.slice(0, at).reverse(), items[at]);
    default: return undefined;
  }
}

// The nearest of the next line.
function line(items, from) {
  const here = from.getBoundingClientRect();
  const middle = here.left + here.width / 2;
  const other = items.filter(item => Math.abs(item.offsetTop - from.offsetTop) > 4);
  const row = other.filter(item => item.offsetTop === other[0].offsetTop);
  const away = item => Math.abs(item.getBoundingClientRect().left + item.offsetWidth / 2 - middle);
  return row.length === 0 ? undefined : row.reduce((best, item) => (away(item) < away(best) ? item : best));
}

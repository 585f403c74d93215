// One token as an element. All text goes in through textContent: what a model wrote is never parsed as HTML.
export function draw(token, index, mode) {
  const span = make('span', '');
  span.dataset.i = index;
  span.setAttribute('role', 'option');
  span.setAttribute('aria-label', token.l);
  span.setAttribute('aria-selected', 'false');
  tint(span, token, mode);
  let breaks = 0;
  if (token.p) {
    span.dataset.t = token.t;
    const last = token.p.length - 1;
    token.p.forEach((part, i) => {
      const kind = part[0];
      const text = part.slice(1);
      if (kind === 'n') {
        breaks = i === last ? text.length : 0;
        for (let line = 0; i < last && line < text.length; line++) {
          span.append(document.createElement('br'));
        }
      } else {
        span.append(kind === '=' ? text : make('span', `kp-part kp-part-${kind}`, text));
      }
    });
  } else {
    span.textContent = token.t;
  }
  return { span, breaks };
}

export function tint(span, token, mode) {
  span.classList.remove('kp-b1', 'kp-b2', 'kp-b3', 'kp-b4', 'kp-b5');
  span.classList.add('kp-t', `kp-b${token[mode]}`);
}

export function make(name, className, text) {
  const element = document.createElement(name);
  element.className = className;
  if (text !== undefined) {
    element.textContent = text;
  }
  return element;
}

import { make } from './token-draw.js';

// The small pop-over beside a token: its numbers, which are here already, and the three most likely tokens, which the server knows.
// It never covers its token, moves nothing, stays while the mouse is on it, and goes with Escape.
export class TokenTip {
  constructor(element, root, net, find) {
    this.element = element;
    this.net = net;
    this.at = null;
    this.pressed = null;
    this.timer = 0;
    this.ends = new AbortController();
    const on = (target, type, handler, options) => target.addEventListener(type, handler, { signal: this.ends.signal, ...options });
    on(root, 'pointerover', event => {
      const found = event.pointerType === 'mouse' && event.buttons === 0 ? find(event.target) : null;
      // Text that moved under a resting mouse was not pointed at.
      if (found !== null && !(event.clientX === this.pressed?.x && event.clientY === this.pressed.y)) {
        this.show(found, this.at === null ? 150 : 40, event.clientY);
      }
    });
    on(root, 'pointerout', event => {
      if (event.pointerType === 'mouse' && find(event.target) !== null) {
        this.hideSoon();
      }
    });
    on(element, 'pointerenter', () => clearTimeout(this.timer));
    on(element, 'pointerleave', () => this.hideSoon());
    on(document, 'pointerdown', event => {
      this.pressed = { x: event.clientX, y: event.clientY };
      if (!element.contains(event.target)) {
        this.hide();
      }
    });
    on(root, 'focusout', () => this.hideSoon());
    on(document, 'scroll', () => this.hide(), { capture: true, passive: true });
    on(document, 'keydown', event => {
      if (event.key === 'Escape' && !root.contains(event.target)) {
        this.hide();
      }
    }, { capture: true });
  }

  isIn(host) {
    return this.at !== null && host.contains(this.at.span);
  }

  show(found, delay, y) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(found, y), delay);
  }

  hideSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hide(), 140);
  }

  // Whether there was something to hide.
  hide() {
    clearTimeout(this.timer);
    if (this.at === null) {
      return false;
    }
    this.at.span.removeAttribute('aria-describedby');
    this.at = null;
    this.element.hidePopover?.();
    return true;
  }

  dispose() {
    this.hide();
    this.ends.abort();
  }

  open(found, y) {
    if (!found.span.isConnected) {
      return;
    }
    this.at?.span.removeAttribute('aria-describedby');
    this.at = found;
    const { token, span } = found;
    const rows = make('div', 'kp-tip-top');
    this.element.replaceChildren(
      name(span),
      facts([['raw', token.r], ['final', token.f], ['rank', token.n], ['bits', token.s]]),
      rows);
    fill(rows, token.top ?? Array(3).fill({ n: '', r: '' }));
    if (!this.element.matches(':popover-open')) {
      this.element.showPopover?.();
    }
    span.setAttribute('aria-describedby', this.element.id);
    this.place(span, y);
    if (token.top === undefined) {
      this.net.invokeMethodAsync('Top', found.sequence.number, found.index).then(top => {
        token.top = top;
        if (this.at === found) {
          fill(rows, top);
          this.place(span, y);
        }
      }, () => { /* the line is down: the numbers above stand without */ });
    }
  }

  place(span, y) {
    const box = span.getBoundingClientRect();
    const rects = [...span.getClientRects()];
    const rect = rects.find(rect => y !== undefined && y >= rect.top && y <= rect.bottom) ?? rects[0] ?? box;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const below = box.bottom + 6 + height <= innerHeight || box.top - 6 - height < 0;
    this.element.style.left = `${Math.max(8, Math.min(rect.left, innerWidth - width - 8))}px`;
    this.element.style.top = `${below ? box.bottom + 6 : box.top - 6 - height}px`;
  }
}

function name(span) {
  const copy = make('div', `kp-tip-name ${span.className.replace('kp-selected', '')}`);
  copy.append(...[...span.childNodes].filter(node => node.nodeName !== 'BR').map(node => node.cloneNode(true)));
  if (span.textContent === ' ') {
    copy.textContent = '␣';
  }
  return copy;
}

function facts(pairs) {
  const list = make('dl', 'kp-tip-facts');
  // A text that was only read has no final share.
  for (const [term, value] of pairs.filter(([, value]) => value !== undefined)) {
    const pair = make('div', '');
    pair.append(make('dt', '', term), make('dd', '', value));
    list.append(pair);
  }
  return list;
}

function fill(rows, top) {
  rows.replaceChildren(...top.map(row => {
    const line = make('div', row.c ? 'kp-tip-row kp-tip-chosen' : 'kp-tip-row');
    line.append(make('bdi', '', row.n || '\u00a0'), make('span', '', row.r));
    if (row.f !== undefined) {
      line.append(make('span', '', row.f));
    }
    return line;
  }));
}

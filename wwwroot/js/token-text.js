// Draws the tokens of one run. Blazor renders the cards; what is inside [data-tokens] and [data-plain] belongs to this module.
import { TokenTip } from './token-tip.js';
import { move } from './token-keys.js';
import { tell } from './tell.js';
import { draw, make, tint } from './token-draw.js';
import { copy, toClipboard } from './clipboard.js';
import { TextEnd } from './text-end.js';

export function attach(root, tip, net) {
  return new TokenText(root, tip, net);
}

class TokenText {
  constructor(root, tip, net) {
    this.root = root;
    this.net = net;
    this.mode = 'b';
    this.selected = null;
    this.sequences = new Map();
    this.tip = new TokenTip(tip, root, net, span => this.find(span));
    this.ends = new AbortController();
    const on = (type, handler) => root.addEventListener(type, handler, { signal: this.ends.signal });
    on('click', event => this.click(event));
    on('keydown', event => this.key(event));
    on('focusin', event => this.focus(event));
    on('copy', copy);
    // Cards wait with a caret: that something is coming can be seen before it comes.
    root.querySelectorAll('[data-tokens]').forEach(host => this.sequence(Number(host.dataset.tokens)));
    this.follow = debounce(60, (sequence, index) => tell(net, 'Open', sequence, index));
  }

  // batches: [{ s: sequence, from: index of the first token, tokens, end: { kind, text } or absent }]. Answers how many tokens each
  // of these sequences has now; a batch that does not start there is left out, so that the sender can go on from the answer.
  append(batches) {
    return batches.map(batch => {
      const sequence = this.sequence(batch.s);
      if (sequence === null) {
        return 0;
      }
      const known = sequence.tokens.length - batch.from;
      if (known >= 0) {
        sequence.append(batch.tokens.slice(known), this.mode, batch.end ?? null);
        if (this.selected?.sequence === batch.s && !this.selected.shown) {
          this.show(false);
        }
      }
      return sequence.tokens.length;
    });
  }

  select(sequence, index, reveal) {
    this.mark(false);
    this.selected = index < 0 ? null : { sequence, index, shown: false };
    this.show(reveal);
  }

  // Tokens before the index are shared with others, the one at it is the first that is not; -1 for none.
  part(index) {
    for (const sequence of this.sequences.values()) {
      sequence.parts = index;
      sequence.spans.forEach((span, i) => sequence.mark(span, i));
      sequence.showPart();
    }
  }

  // 'b' for bins of surprisal, 'k' for bands of rank.
  tint(mode) {
    this.mode = mode;
    for (const { spans, tokens } of this.sequences.values()) {
      spans.forEach((span, i) => tint(span, tokens[i], mode));
    }
  }

  dispose() {
    this.ends.abort();
    this.tip.dispose();
  }

  sequence(number) {
    let sequence = this.sequences.get(number);
    if (sequence === undefined) {
      const host = this.root.querySelector(`[data-tokens="${number}"]`);
      if (host === null) {
        return null;
      }
      const isHeld = () => this.tip.isIn(host) || this.selected?.sequence === number;
      sequence = new Sequence(number, host, this.root.querySelector(`[data-plain="${number}"]`), isHeld);
      this.sequences.set(number, sequence);
    }
    return sequence;
  }

  find(node) {
    const span = node instanceof Element ? node.closest('[data-i]') : null;
    const host = span?.closest('[data-tokens]');
    const sequence = host ? this.sequences.get(Number(host.dataset.tokens)) : undefined;
    return sequence === undefined ? null : { sequence, span, index: Number(span.dataset.i), token: sequence.tokens[Number(span.dataset.i)] };
  }

  click(event) {
    const button = event.target.closest('[data-copy]');
    if (button !== null) {
      const text = this.sequences.get(Number(button.dataset.copy))?.text ?? '';
      toClipboard(text).then(done => tell(this.net, 'Copied', done));
      return;
    }
    const found = this.find(event.target);
    if (found !== null && (getSelection()?.isCollapsed ?? true)) {
      found.sequence.rove(found.index);
      found.span.focus({ preventScroll: true });
      this.tip.hide();
      tell(this.net, 'Open', found.sequence.number, found.index);
    }
  }

  focus(event) {
    const found = this.find(event.target);
    if (found !== null && found.span.matches(':focus-visible')) {
      found.sequence.rove(found.index);
      this.tip.show(found, 0);
    }
  }

  key(event) {
    const found = this.find(event.target);
    if (found === null || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (event.key === 'Escape') {
      if (this.tip.hide() || this.selected !== null) {
        event.stopPropagation();
        if (this.selected !== null) {
          tell(this.net, 'Close');
        }
      }
      return;
    }
    if (event.key === 'Enter') {
      this.tip.hide();
      tell(this.net, 'Open', found.sequence.number, found.index);
    } else if (/^[1-9bl]$/i.test(event.key)) {
      if (document.documentElement.dataset.keys === 'off') {
        return;
      }
      this.tip.hide();
      tell(this.net, 'Press', found.sequence.number, found.index, event.key.toLowerCase());
    } else {
      const next = move(event.key, found.index, found.sequence.tokens, found.sequence.spans, this.mode);
      if (next === null) {
        return;
      }
      found.sequence.rove(next);
      found.sequence.spans[next].focus();
      if (this.selected !== null) {
        this.follow(found.sequence.number, next);
      }
    }
    event.preventDefault();
    event.stopPropagation();
  }

  show(reveal) {
    const span = this.mark(true);
    if (span !== null && this.selected !== null) {
      this.selected.shown = true;
      this.sequences.get(this.selected.sequence).rove(this.selected.index);
      if (reveal) {
        span.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      }
    }
  }

  mark(on) {
    const span = this.selected === null ? null : this.sequence(this.selected.sequence)?.spans[this.selected.index] ?? null;
    span?.classList.toggle('kp-selected', on);
    span?.setAttribute('aria-selected', String(on));
    return span;
  }
}

class Sequence {
  constructor(number, host, plain, isHeld) {
    this.number = number;
    this.host = host;
    host.ariaBusy = 'true';
    this.end = new TextEnd(host.closest('[data-scroll]') ?? host, isHeld);
    this.tokens = [];
    this.spans = [];
    this.text = '';
    this.current = -1;
    this.parts = -1;
    this.plain = plain?.appendChild(document.createTextNode('')) ?? null;
    this.caret = make('span', 'kp-caret');
    this.caret.setAttribute('aria-hidden', 'true');
    this.line = host.appendChild(make('div', 'kp-line'));
    this.line.append(this.caret);
  }

  append(tokens, mode, end) {
    this.end.isGrowing = end === null || this.tokens.length > 0;
    let text = '';
    let batch = document.createDocumentFragment();
    for (const token of tokens) {
      const { span, breaks } = draw(token, this.tokens.length, mode);
      this.mark(span, this.tokens.length);
      this.tokens.push(token);
      this.spans.push(span);
      text += token.t;
      batch.append(span);
      if (breaks > 0) {
        this.line.insertBefore(batch, this.caret);
        batch = document.createDocumentFragment();
        this.line = this.host.appendChild(make('div', breaks > 1 ? 'kp-line kp-para' : 'kp-line'));
        this.line.append(this.caret);
      }
    }
    this.line.insertBefore(batch, this.caret);
    this.text += text;
    this.plain?.appendData(text);
    if (this.current < 0 && this.spans.length > 0) {
      this.rove(0);
    }
    if (end !== null) {
      this.finish(end);
    }
    this.end.follow();
  }

  mark(span, index) {
    span.classList.toggle('kp-common', index < this.parts);
    span.classList.toggle('kp-fork', index === this.parts);
    if (index === this.parts) {
      span.dataset.fork = index + 1;
    }
  }

  // Where columns part is what they are compared for: it is in sight when a text is written, and not the text's end.
  showPart() {
    const span = this.spans[this.parts];
    if (span && this.host.ariaBusy === 'false' && this.end.isInSight) {
      this.end.isInSight = false;
      const { scroller } = this.end;
      requestAnimationFrame(() => { scroller.scrollTop += span.getBoundingClientRect().top - scroller.getBoundingClientRect().top - scroller.clientHeight / 3; });
    }
  }

  finish(end) {
    this.caret.remove();
    this.host.ariaBusy = 'false';
    this.showPart();
    if (end.text) {
      const mark = make('span', 'kp-mark', end.text);
      mark.title = end.title;
      this.line.append(mark);
    }
  }

  // One token of the card is its tab stop.
  rove(index) {
    if (index !== this.current) {
      this.spans[this.current]?.setAttribute('tabindex', '-1');
      this.spans[index]?.setAttribute('tabindex', '0');
      this.current = index;
    }
  }
}

function debounce(delay, action) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...args), delay);
  };
}

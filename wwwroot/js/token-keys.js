// Where a key leads from a token: the new index, or null when the key is not ours. One tab stop per card, the rest by arrows.
export function move(key, index, tokens, spans, mode) {
  switch (key) {
    case 'ArrowRight': return seek(index, 1, i => !isPlainSpace(tokens[i]), tokens.length) ?? index;
    case 'ArrowLeft': return seek(index, -1, i => !isPlainSpace(tokens[i]), tokens.length) ?? index;
    case 'ArrowDown': return line(index, 1, spans) ?? index;
    case 'ArrowUp': return line(index, -1, spans) ?? index;
    case 'Home': return 0;
    case 'End': return tokens.length - 1;
    case ']': case '.': return seek(index, 1, i => tokens[i][mode] >= 3, tokens.length) ?? index;
    case '[': case ',': return seek(index, -1, i => tokens[i][mode] >= 3, tokens.length) ?? index;
    default: return null;
  }
}

// An expected single space looks like nothing: arrows step over it.
function isPlainSpace(token) {
  return token.t === ' ' && token.b === 1;
}

function seek(index, step, wanted, count) {
  for (let i = index + step; i >= 0 && i < count; i += step) {
    if (wanted(i)) {
      return i;
    }
  }
  return null;
}

// The token of the next line whose middle is nearest.
function line(index, step, spans) {
  const from = spans[index].getClientRects()[0];
  const middle = (from.left + from.right) / 2;
  let row = null;
  let best = null;
  let nearest = Infinity;
  for (let i = index + step; i >= 0 && i < spans.length; i += step) {
    const rects = spans[i].getClientRects();
    const rect = rects[step > 0 ? rects.length - 1 : 0];
    if (rect === undefined || Math.abs(rect.top - from.top) < from.height / 2 || (rect.top - from.top) * step < 0) {
      continue;
    }
    row ??= rect.top;
    if (Math.abs(rect.top - row) > from.height / 2) {
      break;
    }
    const distance = Math.abs((rect.left + rect.right) / 2 - middle);
    if (distance < nearest) {
      nearest = distance;
      best = i;
    }
  }
  return best;
}

// Pictures of a chart are made here: the same drawing, with the styles that it has on this page written into it.
import { tell } from './tell.js';
import { save } from './save.js';

const styles = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'font-family', 'font-size', 'font-weight', 'text-anchor', 'vector-effect', 'display', 'paint-order', 'stroke-linejoin'];

export function attach(figure, net) {
  const ends = new AbortController();
  figure.addEventListener('click', event => {
    const format = event.target.closest('[data-export]')?.dataset.export;
    if (format) {
      download(figure, format);
      return;
    }
    const plot = event.target.closest('[data-pick]');
    if (plot) {
      const box = plot.querySelector('rect').getBoundingClientRect();
      tell(net, 'Pick', (event.clientX - box.left) / box.width);
    }
  }, { signal: ends.signal });
  return { stop() { ends.abort(); } };
}

async function download(figure, format) {
  const { xml, width, height } = picture(figure);
  const name = `${figure.dataset.name}.${format}`;
  if (format === 'svg') {
    save(name, new Blob([xml], { type: 'image/svg+xml' }));
    return;
  }
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(xml)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width * 2, height * 2];
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob(blob => save(name, blob), 'image/png');
}

export function picture(figure) {
  const drawing = figure.querySelector('.kp-chart-svg');
  const copy = drawing.cloneNode(true);
  const sources = [drawing, ...drawing.querySelectorAll('*')];
  [copy, ...copy.querySelectorAll('*')].forEach((element, i) => {
    const computed = getComputedStyle(sources[i]);
    element.setAttribute('style', styles.map(name => `${name}:${computed.getPropertyValue(name)}`).join(';'));
    element.removeAttribute('class');
    if (element.localName === 'svg') {
      element.style.overflow = 'visible';
    }
  });
  // The picture stands alone: it has the chart's name above it. An axis' numbers stand in the margin: it holds that, and the same on the right.
  const head = 26;
  const box = drawing.getBoundingClientRect();
  const margin = parseFloat(getComputedStyle(drawing).marginLeft) + 8;
  const [width, height] = [Math.ceil(box.width + 2 * margin), Math.ceil(box.height + head + 16)];
  // Shares of the width stay what they were: an outer drawing makes the room.
  const outer = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  outer.setAttribute('width', width);
  outer.setAttribute('height', height);
  copy.setAttribute('x', margin);
  copy.setAttribute('y', head + 8);
  copy.setAttribute('width', box.width);
  copy.setAttribute('height', box.height);
  const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  paper.setAttribute('width', width);
  paper.setAttribute('height', height);
  paper.setAttribute('fill', getComputedStyle(document.documentElement).getPropertyValue('--kp-surface'));
  const name = document.createElementNS('http://www.w3.org/2000/svg', 'text');
  const ink = getComputedStyle(figure);
  name.setAttribute('x', 12);
  name.setAttribute('y', 22);
  name.setAttribute('style', `font: 600 14px ${ink.fontFamily}; fill: ${ink.color}`);
  const words = document.createElementNS('http://www.w3.org/2000/svg', 'tspan');
  words.setAttribute('dx', 8);
  words.setAttribute('font-weight', 400);
  words.textContent = figure.querySelector('.kp-chart-sub').textContent;
  name.append(figure.querySelector('figcaption b').textContent, words);
  const title = document.createElementNS('http://www.w3.org/2000/svg', 'title');
  title.textContent = drawing.getAttribute('aria-label');
  outer.append(title, paper, name, copy);
  return { xml: new XMLSerializer().serializeToString(outer), width, height };
}

// What is copied is the text, not its picture: "⏎" becomes a line break again.
export function copy(event) {
  const selection = getSelection();
  if (selection === null || selection.rangeCount === 0 || selection.isCollapsed) {
    return;
  }
  const range = selection.getRangeAt(0);
  const ancestor = range.commonAncestorContainer;
  if ((ancestor instanceof Element ? ancestor : ancestor.parentElement)?.closest('[data-tokens]') === null) {
    return;
  }
  const fragment = range.cloneContents();
  fragment.querySelectorAll('.kp-mark, .kp-caret').forEach(element => element.remove());
  fragment.querySelectorAll('[data-t]').forEach(span => { span.textContent = span.dataset.t; });
  event.clipboardData.setData('text/plain', fragment.textContent);
  event.preventDefault();
}

// Pages that came over plain HTTP have no navigator.clipboard; a selected text area and the old command still work there.
export async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.style.position = 'fixed';
    document.body.append(area);
    area.select();
    try {
      return document.execCommand('copy');
    } finally {
      area.remove();
    }
  }
}

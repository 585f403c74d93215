// A row that scrolls sideways without a bar: its fading edges show that there is more, and a button goes there. At the end it goes back.
export function watch(row, button, _) {
  const look = () => {
    const left = row.scrollLeft, right = row.scrollWidth - row.clientWidth - left;
    row.dataset.at = left < 2 ? (right < 2 ? "all" : "start") : right < 2 ? "end" : "middle";
    button.hidden = row.dataset.at === "all";
    button.dataset.at = row.dataset.at;
  };
  const go = () => row.scrollTo({
    left: row.dataset.at === "end" ? 0 : row.scrollLeft + row.clientWidth * .8,
    behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
  });
  const sizes = new ResizeObserver(look), chips = new MutationObserver(look);
  sizes.observe(row);
  chips.observe(row, { childList: true, subtree: true, characterData: true });
  row.addEventListener("scroll", look, { passive: true });
  button.addEventListener("click", go);
  look();
  return {
    stop() {
      sizes.disconnect();
      chips.disconnect();
      row.removeEventListener("scroll", look);
      button.removeEventListener("click", go);
    },
  };
}

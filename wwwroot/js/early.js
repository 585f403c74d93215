// Runs before the first paint: the look comes from this browser's memory, without a flash, and nothing typed before the page
// has its circuit is lost. A classic script: modules come too late.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const defaults = { theme: "system", palette: "blue", keys: "on" };
  const look = { presentation: false };
  for (const [name, fallback] of Object.entries(defaults)) {
    try { look[name] = localStorage.getItem(`kp.${name}`) ?? fallback; } catch { look[name] = fallback; }
  }

  const apply = () => {
    // A projector wants the light theme.
    const isDark = !look.presentation && (look.theme === "dark" || (look.theme === "system" && dark.matches));
    root.dataset.theme = isDark ? "dark" : "light";
    root.dataset.palette = look.palette;
    root.dataset.mode = look.presentation ? "presentation" : "reading";
    root.dataset.keys = look.keys;
    return { ...look, isDark };
  };
  apply();

  const watchers = new Set();
  const tell = () => { const now = apply(); for (const watcher of watchers) watcher(now); };
  dark.addEventListener("change", tell);

  // Another part of the page may set the palette on the element itself.
  new MutationObserver(() => {
    if (root.dataset.palette !== look.palette) {
      look.palette = root.dataset.palette;
      tell();
    }
  }).observe(root, { attributeFilter: ["data-palette"] });

  window.kpLook = {
    get: () => apply(),
    set(name, value) {
      look[name] = value;
      if (name in defaults) {
        try { localStorage.setItem(`kp.${name}`, value); } catch { /* private windows may refuse; the look holds for this page */ }
      }
      tell();
      return apply();
    },
    watch(watcher) { watchers.add(watcher); return () => watchers.delete(watcher); },
  };

  // Typed before the circuit is up: the interactive page replaces the prerendered one, text and all. Or kept over a reload.
  let typed = null;
  try {
    const value = sessionStorage.getItem("kp.prompt");
    sessionStorage.removeItem("kp.prompt");
    if (value !== null) typed = { value, selectionStart: value.length, selectionEnd: value.length };
  } catch { /* as above */ }
  const keep = (event) => {
    if (event.target instanceof HTMLTextAreaElement && event.target.id === "prompt") {
      const { value, selectionStart, selectionEnd } = event.target;
      typed = { value, selectionStart, selectionEnd };
    }
  };
  document.addEventListener("input", keep, true);
  window.kpTyped = () => {
    document.removeEventListener("input", keep, true);
    const last = typed;
    typed = null;
    return last;
  };
})();

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

  // Typed before the circuit is up: the interactive page replaces the prerendered one, texts and all. By the field's id; taken once.
  const typed = new Map();
  const taken = new Set();
  let focused = null;
  try {
    const value = sessionStorage.getItem("kp.prompt"); // kept over a reload
    sessionStorage.removeItem("kp.prompt");
    if (value !== null) {
      typed.set("prompt", { value, selection: [value.length, value.length] });
      focused = "prompt";
    }
  } catch { /* as above */ }
  document.addEventListener("input", ({ target }) => {
    if (!target.id || taken.has(target.id) || target.matches("[type=checkbox], [type=radio], [type=file]")) return;
    typed.set(target.id, { value: target.value, selection: [target.selectionStart, target.selectionEnd] });
  }, true);
  document.addEventListener("focusin", ({ target }) => { focused = target.id; }, true);
  window.kpTyped = {
    ids: () => [...typed.keys()],
    take(id) {
      const last = typed.get(id);
      typed.delete(id);
      taken.add(id);
      return last && { ...last, hadFocus: focused === id };
    },
  };
})();

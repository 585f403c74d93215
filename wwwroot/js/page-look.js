// The palette and the mode belong to the whole page, which remembers them (early.js); here they are chosen and followed.
export function watch(net) {
  const tell = ({ palette, presentation }) => net.invokeMethodAsync('Tell', palette, presentation);
  const { palette = 'blue', mode } = document.documentElement.dataset;
  tell(window.kpLook?.get() ?? { palette, presentation: mode === 'presentation' });
  const stop = window.kpLook?.watch(tell);
  return {
    choose(name) {
      if (window.kpLook) {
        window.kpLook.set('palette', name);
      } else {
        document.documentElement.dataset.palette = name;
      }
    },
    stop() { stop?.(); },
  };
}

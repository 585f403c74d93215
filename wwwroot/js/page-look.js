// The palette and the mode belong to the whole page, which remembers them (early.js); here they are chosen and followed.
import { tell } from './tell.js';

export function watch(net) {
  const follow = ({ palette, presentation }) => tell(net, 'Tell', palette, presentation);
  const { palette = 'blue', mode } = document.documentElement.dataset;
  follow(window.kpLook?.get() ?? { palette, presentation: mode === 'presentation' });
  const stop = window.kpLook?.watch(follow);
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

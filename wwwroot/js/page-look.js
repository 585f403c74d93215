// The mode belongs to the whole page, which remembers it (early.js); here it is followed.
import { tell } from './tell.js';

export function watch(net) {
  const follow = ({ presentation }) => tell(net, 'Tell', presentation);
  follow(window.kpLook?.get() ?? { presentation: document.documentElement.dataset.mode === 'presentation' });
  const stop = window.kpLook?.watch(follow);
  return { stop() { stop?.(); } };
}

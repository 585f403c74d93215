// Keeps the end of a growing text in sight, for a reader who has not scrolled away from it. Nothing is measured while text is put in:
// that would lay the page out once for each card of each call, and again when it is drawn.
export class TextEnd {
  // isHeld says whether the reader looks at a token of it: then nothing moves.
  constructor(scroller, isHeld) {
    this.scroller = scroller;
    this.isHeld = isHeld;
    this.isInSight = true;
    this.isGrowing = true; // a text that comes whole is read from its beginning
    this.top = 0;
    this.frame = 0;
    scroller.addEventListener('scroll', () => this.look(), { passive: true });
    // A wheel that glides would be overtaken by fast text before it has moved anything.
    scroller.addEventListener('wheel', event => { this.isInSight &&= event.deltaY >= 0; }, { passive: true });
    // What comes below the cards when a run is over makes them lower.
    new ResizeObserver(() => this.follow()).observe(scroller);
  }

  // Text may have come since we scrolled ourselves: only a way back leads the reader off the end.
  look() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (scrollTop < this.top || scrollTop + clientHeight >= scrollHeight - 24) {
      this.isInSight = scrollTop + clientHeight >= scrollHeight - 24;
    }
    this.top = scrollTop;
  }

  follow() {
    if (this.isGrowing && this.isInSight && this.frame === 0 && !this.isHeld()) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        if (this.isInSight) {
          this.scroller.scrollTop = 1e7;
          this.top = this.scroller.scrollTop;
        }
      });
    }
  }
}

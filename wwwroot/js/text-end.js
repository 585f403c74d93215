// Keeps the end of a growing text in sight, for a reader who has not scrolled away from it. Nothing is measured while text is put in:
// that would lay the page out once for each card of each call, and again when it is drawn.
export class TextEnd {
  constructor(scroller) {
    this.scroller = scroller;
    this.isInSight = true;
    this.top = 0;
    this.frame = 0;
    scroller.addEventListener('scroll', () => this.look(), { passive: true });
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
    if (this.isInSight && this.frame === 0) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        if (this.isInSight) {
          this.scroller.scrollTop = 1e7;
        }
      });
    }
  }
}

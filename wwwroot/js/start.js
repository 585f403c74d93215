// Begins the interactive page once what the server made of it is on the screen: on a slow line the styles and fonts come first, and a person
// reads sooner. A page that nobody sees yet does not wait to be seen.
(() => {
  const { scripts } = document.currentScript.dataset;

  let begun = false;
  function begin() {
    if (begun) return;
    begun = true;
    for (const src of scripts.split(" ")) {
      const script = document.createElement("script");
      script.src = src;
      script.async = false; // in this order
      document.body.append(script);
    }
  }

  document.addEventListener("visibilitychange", begin, { once: true });
  if (document.hidden) begin();
  else requestAnimationFrame(() => setTimeout(begin));
})();

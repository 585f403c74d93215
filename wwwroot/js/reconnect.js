// The banner that tells of a lost line to the server. Blazor puts its classes on the element and counts its attempts; here are the buttons.
const banner = document.getElementById("components-reconnect-modal");

// The settings are the server's and are lost with it; the prompt need not be.
function reload() {
  const prompt = document.getElementById("prompt");
  if (prompt) {
    try { sessionStorage.setItem("kp.prompt", prompt.value); } catch { /* refused: then it is lost */ }
  }
  location.reload();
}

banner.querySelector("[data-retry]").addEventListener("click", async () => {
  // False: the server has let the circuit go; only a reload helps.
  if (!(await Blazor.reconnect().catch(() => false))) reload();
});
for (const button of document.querySelectorAll("[data-reload]")) button.addEventListener("click", reload);

// A room is kept by the server, not by this page: whoever is in one loses nothing by the reload, and a class should not have to ask for it.
new MutationObserver(() => {
  const inRoom = location.href.startsWith(new URL("room/", document.baseURI).href);
  if (inRoom && banner.classList.contains("components-reconnect-rejected")) reload();
}).observe(banner, { attributeFilter: ["class"] });

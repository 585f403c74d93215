// The banner that tells of a lost line to the server. Blazor puts its classes on the element and counts its attempts; here are the buttons.
const banner = document.getElementById("components-reconnect-modal");

banner.querySelector("[data-retry]").addEventListener("click", async () => {
  // False: the server has let the circuit go; only a reload helps.
  if (!(await Blazor.reconnect().catch(() => false))) location.reload();
});
for (const button of document.querySelectorAll("[data-reload]")) button.addEventListener("click", () => location.reload());

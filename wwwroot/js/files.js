// Hands a file to the person: its bytes come from the server, and stay on this machine.
import { toClipboard } from "./clipboard.js";
import { save as keep } from "./save.js";

export async function save(name, type, stream) {
  keep(name, new Blob([await stream.arrayBuffer()], { type }));
}

export const copyLink = (address) => toClipboard(new URL(address, document.baseURI).href);

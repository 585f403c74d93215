// Hands a file to the person: its bytes come from the server, and stay on this machine.
import { toClipboard } from "./clipboard.js";

export async function save(name, type, stream) {
  const address = URL.createObjectURL(new Blob([await stream.arrayBuffer()], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The download has its own hold on the bytes once it has begun.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export const copyLink = (address) => toClipboard(new URL(address, document.baseURI).href);

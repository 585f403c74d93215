// This browser's memory. It may be full, or closed to us: then nothing is remembered, and nothing breaks.
const prefix = "kp.kept.";

export function get(key, most) {
  try {
    const value = localStorage.getItem(prefix + key);
    return value !== null && value.length <= most ? value : null;
  } catch {
    return null;
  }
}

export function set(key, value) {
  try {
    localStorage.setItem(prefix + key, value);
    return true;
  } catch {
    return false;
  }
}

export function remove(key) {
  try { localStorage.removeItem(prefix + key); } catch { /* as above */ }
}

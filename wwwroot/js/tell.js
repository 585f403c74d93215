// Calls a component on the server. It may be gone by now, or the line down: then nobody is left to hear, and what failed on the
// server is in its log.
export const tell = (component, method, ...values) => component.invokeMethodAsync(method, ...values).catch(() => undefined);

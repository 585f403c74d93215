// A check that fails is reported and ends the program; what was seen is printed as JSON at the end.
import assert from 'node:assert/strict';

export { assert };

/** Runs a client's checks against the base URL on the command line. */
export async function run(checks) {
  const url = process.argv[2];
  if (!url) {
    console.error('usage: node <client>.mjs <base URL>');
    process.exit(2);
  }
  try {
    console.log(JSON.stringify(await checks(url.replace(/\/$/, '')), null, 2));
    process.exit(0);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}

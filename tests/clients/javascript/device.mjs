// A device that obeys: a line of JSON for each call, and a line with what came of it.
// Arguments: the module of the client, the address of the server, a token.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [module, url, token] = process.argv.slice(2);
const { Device } = await import(pathToFileURL(module));
let kept = null;
const own = {
  state: () => JSON.parse(kept),
  signIn: (held) => {
    device.token = held;
  },
};
const device = new Device(url, token, undefined, (state) => {
  kept = JSON.stringify(state);
});

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...values] = JSON.parse(line);
  let answer;
  try {
    answer = { value: await (own[name] ?? device[name].bind(device))(...values) };
  } catch (error) {
    answer = { error: error.message };
  }
  console.log(JSON.stringify(answer));
}

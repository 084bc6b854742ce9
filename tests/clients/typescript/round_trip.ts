// The generated TypeScript client against a server in production settings: URL, folder of mails.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  AccountApi,
  ApiErrorFromJSON,
  ApiTokenScopes,
  AppSetupFromJSON,
  AuthApi,
  AuthErrorFromJSON,
  Configuration,
  FactorsApi,
  ResponseError,
  StaleTodoFromJSON,
  TodoClear,
  TodoStatus,
  TodosApi,
  type Todo,
  type TodoRequest,
} from "./index";

const [url, mails] = process.argv.slice(2) as [string, string];
const email = "typescript@example.com";
const password = "a long passphrase";

const configuration = (accessToken?: string): Configuration =>
  new Configuration(accessToken === undefined ? { basePath: url } : { basePath: url, accessToken });

async function refused<T>(status: number, answer: Promise<unknown>, read: (json: unknown) => T): Promise<T> {
  try {
    await answer;
  } catch (error) {
    assert(error instanceof ResponseError);
    assert.equal(error.response.status, status);
    return read(await error.response.json());
  }
  return assert.fail(`${status} was expected`);
}

async function signedUp(): Promise<string> {
  const signUp = new AuthApi(configuration()).signUp({ signUpRequest: { email, password } });
  const steps = await refused(401, signUp, AuthErrorFromJSON);
  const pending = steps.data?.flows.filter((flow) => flow.isPending).map((flow) => flow.id);
  assert.deepEqual(pending, ["verify_email"]);
  const code = /^[A-Z0-9]{4}-[A-Z0-9]{4}(?=\r?$)/m.exec(readFileSync(`${mails}/${email}`, "utf8"));
  assert(code);
  const step = new AuthApi(configuration(steps.meta?.sessionToken));
  await step.verifyEmail({ emailVerificationRequest: { key: code[0] } });
  const answer = await new AuthApi(configuration()).logIn({ logInRequest: { email, password } });
  assert.equal(answer.data.user.email, email);
  assert(answer.meta.sessionToken);
  return answer.meta.sessionToken;
}

async function main(): Promise<void> {
  const stranger = await refused(401, new TodosApi(configuration()).listTodos(), ApiErrorFromJSON);
  assert.equal(stranger.errors[0]?.code, "not_authenticated");
  const token = await signedUp();
  await tryPrograms(token);
  await tryDevices(token, await ofTwoSteps(token));
  await tryTodos(new TodosApi(configuration(token)));
  console.log("Round trip done.");
}

// What an authenticator app shows, so many steps of 30 seconds from now (RFC 6238).
function appCode(secret: string, steps = 0): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac("sha1", key).update(counter).digest();
  const number = digest.readUInt32BE((digest.at(-1) ?? 0) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

// The token of another device, which logs in by the password and the code of an app.
async function ofTwoSteps(token: string): Promise<string> {
  const factors = new FactorsApi(configuration(token));
  const secret = (await refused(404, factors.getApp(), AppSetupFromJSON)).meta?.secret ?? "";
  await factors.activateApp({ factorCodeRequest: { code: appCode(secret) } });
  const kinds = (await factors.listFactors()).data.map((factor) => factor.type);
  assert.deepEqual(kinds.sort(), ["recovery_codes", "totp"]);
  const logIn = new AuthApi(configuration()).logIn({ logInRequest: { email, password } });
  const steps = await refused(401, logIn, AuthErrorFromJSON);
  const pending = steps.data?.flows.filter((flow) => flow.isPending).map((flow) => flow.id);
  assert.deepEqual(pending, ["mfa_authenticate"]);
  const second = new FactorsApi(configuration(steps.meta?.sessionToken));
  const answer = await second.authenticateByCode({ factorCodeRequest: { code: appCode(secret, 1) } });
  assert(answer.meta.sessionToken);
  return answer.meta.sessionToken;
}

async function tryDevices(token: string, other: string): Promise<void> {
  const auth = new AuthApi(configuration(token));
  const ended = new TodosApi(configuration(other));
  assert.deepEqual((await ended.listTodos()).results, []);
  const theirs = (await auth.listDevices()).data.filter((device) => !device.isCurrent);
  assert.equal(theirs.length, 1);
  const sessions = theirs.map((device) => device.id);
  const left = await auth.logOutDevices({ devicesRequest: { sessions } });
  assert.deepEqual(left.data.map((device) => device.isCurrent), [true]);
  const gone = await refused(401, ended.listTodos(), ApiErrorFromJSON);
  assert.equal(gone.errors[0]?.code, "authentication_failed");
}

async function tryPrograms(token: string): Promise<void> {
  const account = new AccountApi(configuration(token));
  const newApiToken = { name: "Backup", scopes: [ApiTokenScopes.Read] };
  const made = await account.createApiToken({ newApiToken });
  assert.deepEqual((await account.listApiTokens()).results.map((it) => it.hint), [made.hint]);
  const program = new TodosApi(configuration(made.token));
  assert.deepEqual((await program.listTodos()).results, []);
  const write = program.createTodo({ todoRequest: { title: "Buy milk" } });
  const denied = await refused(403, write, ApiErrorFromJSON);
  assert.equal(denied.errors[0]?.code, "insufficient_scope");
  await account.revokeApiToken({ id: made.id });
  const gone = await refused(401, program.listTodos(), ApiErrorFromJSON);
  assert.equal(gone.errors[0]?.code, "authentication_failed");
}

async function tryTodos(todos: TodosApi): Promise<void> {
  const id = crypto.randomUUID();
  const on = new Date("2026-12-01T00:00:00Z");
  const due = { on, at: "09:00", timeZone: "Europe/Berlin" };
  const todoRequest: TodoRequest = { id, title: "Buy milk", due, tags: ["shop"] };
  const made: Todo = await todos.createTodo({ todoRequest });
  assert.deepEqual(await todos.createTodo({ todoRequest }), made);
  const page = await todos.listTodos({ status: TodoStatus.Open });
  assert.deepEqual(page.results, [made]);
  assert.equal(page.next, null);
  const changed = await todos.updateTodo({ id, ifMatch: '"1"', todoUpdate: { title: "Buy oat milk" } });
  assert.deepEqual([changed.title, changed.version], ["Buy oat milk", 2]);
  const late = todos.updateTodo({ id, ifMatch: '"1"', todoUpdate: { title: "Buy soy milk" } });
  const stale = await refused(412, late, StaleTodoFromJSON);
  assert.deepEqual(stale.current, changed);
  assert.deepEqual([changed.due, changed.dueAt], [due, new Date("2026-12-01T08:00:00Z")]);
  const moved = await todos.updateTodo({ id, todoUpdate: { due: { on } } });
  assert.deepEqual([moved.due, moved.dueAt], [{ on, at: null, timeZone: null }, null]);
  const cleared = await todos.updateTodo({ id, todoUpdate: { clear: [TodoClear.Due] } });
  assert.equal(cleared.due, null);
  const finished = await todos.finishTodo({ id });
  assert.equal(finished.status, TodoStatus.Finished);
  assert(finished.finishedAt instanceof Date);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

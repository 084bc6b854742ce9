// The generated TypeScript client against a server in production settings: URL, folder of mails.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  ApiErrorFromJSON,
  AuthApi,
  AuthErrorFromJSON,
  Configuration,
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
  const todos = new TodosApi(configuration(await signedUp()));
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
  console.log("Round trip done.");
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

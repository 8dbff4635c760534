// What a plain client of Node.js finds: strings, pipelines, transactions,
// expiry and walks, with both versions of the protocol.
//
//     node client_test.js PORT...

import assert from "node:assert/strict";
import { createClient, WatchError } from "redis";

const ports = process.argv.slice(2).map(Number);
assert.ok(ports.length > 0, "usage: client_test.js PORT...");

async function connect(port, RESP) {
  const client = createClient({
    RESP,
    disableOfflineQueue: true,
    socket: { host: "127.0.0.1", port, reconnectStrategy: false },
  });
  client.on("error", (problem) => {
    console.error(problem);
    process.exitCode = 1;
  });
  return client.connect();
}

async function strings(client, key) {
  assert.equal(await client.set(key("a"), "1"), "OK");
  assert.equal(await client.get(key("a")), "1");
  assert.equal(await client.incr(key("a")), 2);
  assert.equal(await client.append(key("a"), "!"), 2);
  assert.equal(await client.get(key("none")), null);
  assert.equal(await client.set(key("a"), "x", { NX: true }), null);
  const bytes = "\u0000\r\n\u00e9 and more";
  await client.mSet({ [key("b")]: bytes, [key("c")]: "" });
  assert.deepEqual(await client.mGet([key("b"), key("none"), key("c")]), [
    bytes,
    null,
    "",
  ]);
  assert.equal(await client.del([key("b"), key("c"), key("none")]), 2);
  await assert.rejects(client.incr(key("a")), /not an integer/);
}

async function pipelines(client, key) {
  const replies = await Promise.all(
    Array.from({ length: 1000 }, () => client.incr(key("counter"))),
  );
  assert.deepEqual(
    replies,
    Array.from({ length: 1000 }, (_, i) => i + 1),
  );
}

async function transactions(client, other, key) {
  const done = await client
    .multi()
    .set(key("t"), "5")
    .incrBy(key("t"), 5)
    .get(key("t"))
    .exec();
  assert.deepEqual(done, ["OK", 10, "10"]);
  await client.watch(key("t"));
  await other.set(key("t"), "taken");
  await assert.rejects(client.multi().set(key("t"), "mine").exec(), WatchError);
  assert.equal(await client.get(key("t")), "taken");
}

async function expiry(client, key) {
  await client.set(key("e"), "x", { expiration: { type: "EX", value: 100 } });
  const left = await client.ttl(key("e"));
  assert.ok(left > 0 && left <= 100);
  assert.equal(await client.persist(key("e")), 1);
  assert.equal(await client.ttl(key("e")), -1);
  await client.pExpire(key("e"), 1);
  while ((await client.get(key("e"))) !== null);
}

async function walks(client, key) {
  const wanted = Array.from({ length: 200 }, (_, i) => key(`walk:${i}`));
  await client.mSet(wanted.map((x) => [x, "x"]));
  const found = new Set();
  for await (const keys of client.scanIterator({ MATCH: key("walk:*") }))
    for (const x of keys) found.add(x);
  assert.deepEqual([...found].sort(), wanted.sort());
}

for (const port of ports)
  for (const RESP of [2, 3]) {
    const key = (name) => `node:${port}:${RESP}:${name}`;
    const client = await connect(port, RESP);
    const other = await connect(ports[0], RESP);
    await strings(client, key);
    await pipelines(client, key);
    await transactions(client, other, key);
    await expiry(client, key);
    await walks(client, key);
    await client.close();
    await other.close();
  }
console.log("all is well");

// BullMQ: `work`, `enqueue N` or `latency N SECONDS FIFO`; prints one JSON object as client.py does.
const fs = require("fs");
const { createRequire } = require("module");
const { Queue, Worker } = createRequire(process.env.BENCH_NODE_HOME + "/")("bullmq");

const url = new URL(process.env.REDIS_URL);
const connection = { host: url.hostname, port: Number(url.port), maxRetriesPerRequest: null };
const WARM_UP = 3;

async function body(job) {
  if (!job.data.path) return;
  const began = process.hrtime.bigint();
  fs.appendFileSync(job.data.path, `${job.data.sent} ${began}\n`);
}

async function enqueue(queue, jobs) {
  const us = [];
  const cpu = process.cpuUsage();
  for (let i = 0; i < jobs; i++) {
    const began = process.hrtime.bigint();
    await queue.add("nothing", {});
    us.push(Number(process.hrtime.bigint() - began) / 1000);
  }
  const used = process.cpuUsage(cpu);
  return { us, cpu_s: (used.user + used.system) / 1e6 };
}

async function latency(queue, jobs, seconds, fifo) {
  const pipe = fs.openSync(fifo, "r+");
  const buffer = Buffer.alloc(4096);
  const ms = [];
  const end = Date.now() + seconds * 1000;
  for (let i = 0; i < jobs + WARM_UP && (Date.now() < end || i <= WARM_UP); i++) {
    await new Promise((done) => setTimeout(done, 30 + Math.random() * 50));
    await queue.add("mark", { path: fifo, sent: process.hrtime.bigint().toString() });
    const text = buffer.toString("utf8", 0, fs.readSync(pipe, buffer));
    const [sent, began] = text.trim().split(" ").map(BigInt);
    if (i >= WARM_UP) ms.push(Number(began - sent) / 1e6);
  }
  return { ms };
}

async function main([verb, jobs, seconds, fifo]) {
  if (verb === "work") {
    const worker = new Worker("bench", body, { connection, concurrency: 8 });
    process.on("SIGTERM", () => worker.close().then(() => process.exit(0)));
    return;
  }
  const queue = new Queue("bench", { connection });
  await queue.waitUntilReady();
  const told = verb === "enqueue"
    ? await enqueue(queue, Number(jobs))
    : await latency(queue, Number(jobs), Number(seconds), fifo);
  console.log(JSON.stringify(told));
  process.exit(0);
}

main(process.argv.slice(2));

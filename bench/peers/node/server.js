// One ping: ask all bidders at once, take the highest, answer.
import Fastify from "fastify";
import { Pool } from "undici";

const [listen, bidders] = process.argv.slice(2);
const budget = 1000;
const pools = bidders.split(",").map((address, i) => ({
  path: `/bid${i}/ping`,
  pool: new Pool(`http://${address}`, { connections: 512, pipelining: 1, keepAliveTimeout: 3600e3, headersTimeout: budget, bodyTimeout: budget }),
}));
let number = 0;

async function ask({ pool, path }, body) {
  const reply = await pool.request({ path, method: "POST", headers: { "content-type": "application/json" }, body });
  if (reply.statusCode !== 200) {
    await reply.body.dump();
    return null;
  }
  const bid = await reply.body.json();
  return bid.status === "bid" ? bid : null;
}

const app = Fastify({ logger: false, keepAliveTimeout: 3600e3 });

const schema = {
  body: { type: "object", required: ["campaign", "lead"], properties: { campaign: { type: "string" }, lead: { type: "object" } } },
  response: {
    200: {
      type: "object",
      properties: {
        ping_id: { type: "string" }, status: { type: "string" }, price: { type: "string" }, currency: { type: "string" },
        expires_in_ms: { type: "integer" }, ref: { type: "string" }, bid_id: { type: "string" }, reason: { type: "string" },
      },
    },
  },
};

app.post("/v1/pings", { schema }, async (request) => {
  const { campaign, channel, consent, lead, ref } = request.body;
  number += 1;
  const id = Math.floor(Date.now() / 1000).toString(16) + number.toString(16).padStart(10, "0");
  const body = JSON.stringify({ type: "ping", call_id: id, ping_id: id, campaign, deadline_ms: budget, test: false, channel, consent, lead });
  const replies = await Promise.allSettled(pools.map((bidder) => ask(bidder, body)));
  let best = null;
  let highest = -1;
  for (const { value } of replies) {
    const price = value ? Number(value.price) : NaN;
    if (price > highest) {
      highest = price;
      best = value;
    }
  }
  if (!best) return { ping_id: id, status: "rejected", reason: "no_bid", ref };
  const price = (Math.floor(highest * 85) / 100).toFixed(2);
  return { ping_id: id, status: "accepted", price, currency: "USD", expires_in_ms: best.valid_ms, ref, bid_id: best.bid_id };
});

const [host, port] = listen.split(":");
await app.listen({ host, port: Number(port) });

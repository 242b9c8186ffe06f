#!/bin/sh
# CPU per auction of the product and of the floor, in turn, against the same bidder, and their ratio (docs/benchmarks.md).
#
#   bench/quick.sh [--build DIR] [--rounds N] [--seconds N] [--connections N]
#
# One auction: one affiliate's request on a kept connection, ten buyers asked over plain HTTP, ten bids, one answer. The
# bidder is nginx with a constant bid. Sizes of calls and answers are measured on the product first, so that the floor
# moves the same bytes. Everything is on loopback, lies under DIR/quick, and is ended by its process id.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$here/../build/release
rounds=3
seconds=5
connections=32
buyers=10
running=

fail() {
    echo "quick: $1" >&2
    exit "${2:-1}"
}

while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || fail "$1 needs a value" 2
    case $1 in
    --build) build=$2 ;;
    --rounds) rounds=$2 ;;
    --seconds) seconds=$2 ;;
    --connections) connections=$2 ;;
    *) fail "no option $1; there are --build, --rounds, --seconds, --connections" 2 ;;
    esac
    shift 2
done
build=$(cd "$build" && pwd)
folder=$build/quick

stop() { # PID
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

stop_all() { # the last one started first
    reversed=
    for pid in $running; do reversed="$pid $reversed"; done
    for pid in $reversed; do stop "$pid"; done
}
trap stop_all EXIT
trap 'exit 130' INT TERM

wait_for() { # WHAT COMMAND...: until it succeeds, at most 10 s
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || fail "$what does not come up; see $folder"
        sleep 0.05
    done
}

number() { # FILE KEY: of a one-line JSON report
    sed -n "s/.*\"$2\":\([0-9.]*\).*/\1/p" "$1"
}

for tool in nginx curl; do
    command -v "$tool" >/dev/null || [ -x "/usr/sbin/$tool" ] || fail "$tool is not installed"
done
for program in outcry outcry-buyers outcry-bench outcry-floor; do
    [ -x "$build/$program" ] || fail "$build/$program is not built"
done
nginx=$(command -v nginx || echo /usr/sbin/nginx)
rm -rf "$folder"
mkdir -p "$folder/data"

# --- what is sold, and to whom ---

secret=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=
"$build/outcry" key new affiliate --json >"$folder/key.json" 2>/dev/null
key=$(sed -n 's/.*"key":"\([^"]*\)".*/\1/p' "$folder/key.json")
hash=$(sed -n 's/.*"hash":"\([^"]*\)".*/\1/p' "$folder/key.json")

# About 450 bytes with its head.
cat >"$folder/ping.json" <<PING
{"campaign":"auto-insurance","source":"fb","sub_id":["ad-77"],"ref":"my-000001","channel":"social","lead":{"state":"CA","zip":"94110","age":34,"credit":"good"},"consent":{"tcpa":true,"at":"2026-01-01T12:00:00Z"}}
PING

address_of() { # NAME: where the simulator had it listen
    sed -n "s/^listening \([0-9.:]*\) $1\$/\1/p" "$folder/buyers.out"
}

each_buyer() { # COMMAND: with each buyer's number
    i=0
    while [ "$i" -lt "$buyers" ]; do
        "$1" "$i"
        i=$((i + 1))
    done
}

write_simulated() { # NUMBER: at the address it had before, if any
    address=$(address_of "b$1")
    cat <<SIMULATED
 {"name": "b$1", "path": "/bid$1", "listen": "${address:-127.0.0.1:0}", "secret": "$secret", "price": "12.50", "bid_id": "b-1",
  "available": true, "valid_ms": 30000},
SIMULATED
}

write_scenario() { # the last two only hold a port for the exchange
    echo '{"private": ["phone", "email"], "buyers": ['
    each_buyer write_simulated
    echo ' {"name": "public", "price": "1", "listen": "127.0.0.1:0"}, {"name": "admin", "price": "1", "listen": "127.0.0.1:0"}]}'
}

write_settings() { # PUBLIC ADMIN
    cat <<SETTINGS
listen: {public: "$1", admin: "$2"}
workers: 1
ledger: {path: data, map_size: 4GiB, keys: file:data/ledger.keys}
trace: {keep: 1d, max: 4GiB}
catalogue: market.yaml
currency: USD
payout_step: "0.01"
margin: {percent: 15}
endpoints: {allow_private: true}
log: {level: warn, format: text}
SETTINGS
}

write_buyer() { # NUMBER: an owner and an origin of its own
    cat <<BUYER
  - id: buyer-$1
    group: group-$1
    time_zone: America/New_York
    signing_secret: $secret
    max_in_flight: 10000
    max_pings_per_s: 1000000
    contracts:
      - id: contract-$1
        campaign: auto-insurance
        ping_url: http://$(address_of "b$1")/bid$1/ping
        post_url: http://$(address_of "b$1")/bid$1/post
        price: live
        filter: {all: [{field: state, in: [CA, NV]}, {field: age, min: 25, max: 70}]}
BUYER
}

write_market() {
    cat <<MARKET
campaigns:
  - id: auto-insurance
    timeout: 1000ms
    offer_ttl: 5s
    fields:
      state:  {type: us_state, required: ping, private: false}
      zip:    {type: us_zip, required: ping, private: false}
      age:    {type: integer, min: 16, max: 110, private: false}
      credit: {type: choice, of: [poor, fair, good, excellent], private: false}
      phone:  {type: us_phone, required: post}
affiliates:
  - id: best-leads
    keys: ["$hash"]
    campaigns: [auto-insurance]
buyers:
MARKET
    each_buyer write_buyer
}

# --- sizes, on the product, from the simulated buyers (which also check signatures and that nothing private is sent) ---

start_buyers() {
    write_scenario >"$folder/scenario.json"
    "$build/outcry-buyers" --scenario "$folder/scenario.json" >"$folder/buyers.new" &
    simulator=$!
    running="$simulator"
    wait_for "outcry-buyers" grep -q '^ready' "$folder/buyers.new"
    mv "$folder/buyers.new" "$folder/buyers.out"
}

: >"$folder/buyers.out"
start_buyers # to learn free ports: two of them go to the exchange
public=$(address_of public)
admin=$(address_of admin)
stop "$simulator"
start_buyers
bidder=$(address_of b0)

write_settings "$public" "$admin" >"$folder/outcry.yaml"
write_market >"$folder/market.yaml"

start_product() {
    "$build/outcry" serve --config "$folder/outcry.yaml" >>"$folder/outcry.log" 2>&1 &
    product=$!
    running="$running $product"
    wait_for "outcry serve" curl -sf -o "$folder/answer.json" -w '%{size_header} %{size_download}' \
        -H "Authorization: Bearer $key" -H 'Content-Type: application/json' -d @"$folder/ping.json" \
        "http://$public/v1/pings"
}

ping_once() {
    curl -s -o "$folder/answer.json" -w '%{size_header} %{size_download}' -H "Authorization: Bearer $key" \
        -H 'Content-Type: application/json' -d @"$folder/ping.json" "http://$public/v1/pings"
}

start_product
sizes=$(ping_once)
answer_bytes=$((${sizes% *} + ${sizes#* }))
grep -q '"status":"accepted"' "$folder/answer.json" || fail "the ping was not accepted: $(cat "$folder/answer.json")"
curl -s "http://$bidder/stats" >"$folder/stats.json"
grep -q '"bad_signatures":[1-9]' "$folder/stats.json" && fail "signatures do not fit"
call_bytes=$(sed 's/"last_ping_bytes":/\n/g' "$folder/stats.json" | sed -n 's/^\([1-9][0-9]*\).*/\1/p' |
    awk '{ sum += $1; count++ } END { if (count) printf "%d", sum / count }')
[ -n "$call_bytes" ] || fail "no buyer was asked"
stop "$product"
stop "$simulator"

# --- the bidder, the product and the floor ---

write_listen() {
    echo "        listen $(address_of "b$1") backlog=4096;"
}

each_buyer write_listen >"$folder/listen.conf"
sed "s|@FOLDER@|$folder|g" "$here/nginx/bidder.conf.in" >"$folder/nginx.conf"
bidders=$(sed -n 's/^listening \([0-9.:]*\) b[0-9]*$/\1/p' "$folder/buyers.out" | paste -s -d , -)
"$nginx" -p "$folder" -c "$folder/nginx.conf" 2>>"$folder/nginx.log" &
running="$!"
wait_for nginx curl -sf -d '{}' "http://$bidder/bid0/ping"
start_product
"$build/outcry-floor" --listen 127.0.0.1:0 --buyers "$bidders" --k "$buyers" --call-bytes "$call_bytes" \
    --answer-bytes "$answer_bytes" >"$folder/floor.out" &
floor=$!
running="$running $floor"
wait_for outcry-floor grep -q '^listening' "$folder/floor.out"
floor_address=$(sed -n 's/^listening //p' "$folder/floor.out")

asked() { # requests the bidder has had
    curl -s "http://$bidder/count" | awk 'NR == 3 { print $3 }'
}

measure() { # NAME ADDRESS PID ROUND: prints CPU per auction
    before=$(asked)
    "$build/outcry-bench" --url "http://$2/v1/pings" --ping "$folder/ping.json" --key "$key" --saturate \
        --connections "$connections" --warmup 1 --duration "$seconds" --pid "$3" --quiet \
        --json "$folder/$1-$4.json" >"$folder/$1-$4.txt" || fail "$1 failed requests: $(cat "$folder/$1-$4.txt")"
    grep -q '"outcomes":{"accepted":[0-9]*}' "$folder/$1-$4.json" || fail "not all were accepted: see $folder/$1-$4.json"
    calls=$(($(asked) - before - 1)) # less the question itself
    [ "$calls" -eq $((buyers * $(number "$folder/$1-$4.json" sent_in_all))) ] ||
        fail "$1 asked the bidder $calls times for $(number "$folder/$1-$4.json" sent_in_all) requests"
    number "$folder/$1-$4.json" cpu_us_per_answer
}

echo "one auction: $buyers buyers, plain HTTP, one worker, $connections affiliates' connections, nginx as bidder"
printf '%8s %18s %18s %8s %14s %14s\n' round 'product CPU µs' 'floor CPU µs' ratio 'product /s' 'floor /s'
round=1
: >"$folder/ratios"
while [ "$round" -le "$rounds" ]; do
    ours=$(measure product "$public" "$product" "$round")
    least=$(measure floor "$floor_address" "$floor" "$round")
    awk -v round="$round" -v ours="$ours" -v least="$least" \
        -v ours_s="$(number "$folder/product-$round.json" answers_per_s)" \
        -v least_s="$(number "$folder/floor-$round.json" answers_per_s)" \
        'BEGIN { printf "%8d %18.1f %18.1f %8.2f %14.0f %14.0f\n", round, ours, least, ours / least, ours_s, least_s }'
    echo "$ours $least" >>"$folder/ratios"
    round=$((round + 1))
done
awk '{ ours += $1; least += $2; r = $1 / $2; if (NR == 1 || r < low) low = r; if (r > high) high = r }
    END { printf "product %.1f µs, floor %.1f µs: %.2f x floor (from %.2f to %.2f in %d rounds)\n",
          ours / NR, least / NR, ours / least, low, high, NR }' "$folder/ratios"
echo "bytes: request $(number "$folder/product-1.json" request_bytes), call $call_bytes, answer $answer_bytes"

-- One ping: ask all bidders at once, take the highest, answer.
local cjson = require "cjson.safe"
local capture_multi = ngx.location.capture_multi

local auction = {}
local number = 0

local function fail(status, code)
    ngx.status = status
    ngx.header["Content-Type"] = "application/problem+json"
    ngx.print(cjson.encode({code = code, status = status}))
end

local function highest(replies)
    local best_price, best_bid
    for i = 1, #replies do
        local reply = replies[i]
        if reply.status == 200 then
            local bid = cjson.decode(reply.body)
            local price = bid and bid.status == "bid" and tonumber(bid.price)
            if price and (not best_price or price > best_price) then
                best_price, best_bid = price, bid
            end
        end
    end
    return best_price, best_bid
end

function auction.run(count)
    ngx.req.read_body()
    local ping = cjson.decode(ngx.req.get_body_data() or "")
    if not ping or not ping.campaign or type(ping.lead) ~= "table" then
        return fail(400, "malformed")
    end
    number = number + 1
    local id = string.format("%08x%010x", ngx.time(), number)
    local body = cjson.encode({
        type = "ping", call_id = id, ping_id = id, campaign = ping.campaign, deadline_ms = 1000, test = false,
        channel = ping.channel, consent = ping.consent, lead = ping.lead,
    })
    local calls = {}
    for i = 1, count do
        calls[i] = {"/ask/" .. (i - 1), {method = ngx.HTTP_POST, body = body}}
    end
    local price, bid = highest({capture_multi(calls)})
    if not price then
        ngx.print(cjson.encode({ping_id = id, status = "rejected", reason = {code = "no_bid"}, ref = ping.ref}))
        return
    end
    ngx.print(cjson.encode({
        ping_id = id, status = "accepted", price = string.format("%.2f", math.floor(price * 85) / 100), currency = "USD",
        expires_in_ms = math.min(bid.valid_ms or 300000, 300000), ref = ping.ref, bid_id = bid.bid_id,
    }))
end

return auction

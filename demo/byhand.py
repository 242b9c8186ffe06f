"""How to go on by hand while the demo runs: lines for a shell, printed as they are to be typed. A test runs them in this order."""

LINES = r"""
# 0. keys and addresses of this demo, for this shell
. {work}/env

# 1. ping: sell a lead without saying who it is; the answer is an offer
curl --json '{{"campaign":"auto-insurance","lead":{{"state":"CA","zip":"94110","age":34,"credit":"fair"}}}}' \
  -H "Authorization: Bearer $AFFILIATE_KEY" $PUBLIC/v1/pings | tee "$WORK/ping.json"

# 2. post: take the offer up with the whole lead; the answer says who bought it (send it again: the same answer comes again)
curl --json '{{"ping_id":"'$(field ping_id "$WORK/ping.json")'","consent":{{"tcpa":true}},
  "lead":{{"first_name":"Ada","last_name":"Byrd","phone":"415-555-0142","email":"ada@example.com"}}}}' \
  -H "Authorization: Bearer $AFFILIATE_KEY" $PUBLIC/v1/posts | tee "$WORK/lead.json"

# 3. or both at once: one call with the whole lead
curl --json '{{"campaign":"auto-insurance","consent":{{"tcpa":true}},"lead":{{"state":"FL","zip":"33130","age":51,"credit":"good",
  "first_name":"Ben","last_name":"Ruiz","phone":"305-555-0143","email":"ben@example.com"}}}}' \
  -H "Authorization: Bearer $AFFILIATE_KEY" $PUBLIC/v1/leads

# 4. why did that happen? the story of a ping or a lead, as a table and as JSON
{outcry} explain --config "$WORK/outcry.yaml" $(field lead_id "$WORK/lead.json")
curl -H "Authorization: Bearer $ADMIN_KEY" $ADMIN/v1/admin/explain/$(field lead_id "$WORK/lead.json")

# 5. a buyer says that it is away for a minute (Northern Mutual): ping once more, and explain tells that it is not asked
curl -X PUT --json '{{"contract":null,"available":false,"ttl_s":60}}' \
  -H "Authorization: Bearer $BUYER_KEY" $PUBLIC/v1/buyer/availability

# 6. a post in doubt: list them, then decide one as its buyer tells you (accepted or rejected)
curl -H "Authorization: Bearer $ADMIN_KEY" "$ADMIN/v1/admin/posts?state=in_doubt"
curl --json '{{"status":"accepted"}}' -H "Authorization: Bearer $ADMIN_KEY" \
  $ADMIN/v1/admin/posts/{doubt}/resolve

# 7. the operator's view: every contract and why it is not asked now; figures; the same for Prometheus
curl -H "Authorization: Bearer $ADMIN_KEY" $ADMIN/v1/admin/contracts
curl -H "Authorization: Bearer $ADMIN_KEY" $ADMIN/v1/admin/stats
curl $ADMIN/metrics

# 8. the book: totals, every sale as a line, and proof that nothing in it was changed
{outcry} ledger stat --config "$WORK/outcry.yaml"
{outcry} ledger export --config "$WORK/outcry.yaml"
{outcry} ledger verify --config "$WORK/outcry.yaml"

# 9. decide all of it again: nothing comes out otherwise; and under another catalogue, where the house keeps more
{outcry} replay --config "$WORK/outcry.yaml" -1h now
sed 's/percent: 20/percent: 30/' "$WORK/market.yaml" > "$WORK/other.yaml"
{outcry} whatif --config "$WORK/outcry.yaml" --catalogue "$WORK/other.yaml" -1h now

# 10. change {work}/market.yaml (a cap, a filter, a margin), then have it read again
curl -X POST -H "Authorization: Bearer $ADMIN_KEY" $ADMIN/v1/admin/reload
""".strip()


def lines(work, outcry, doubt):
    return LINES.format(work=work, outcry=outcry, doubt=doubt)

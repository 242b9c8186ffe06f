/* reference_ranking: the example of a ranking in docs/config.md; included by reference_prose.h only. */
#pragma once

#define REFERENCE_RANKING                                                                                              \
    "A campaign with a ranking of its own, and an experiment beside it; what contracts say for it stands with them:\n" \
    "\n"                                                                                                               \
    "```yaml\n"                                                                                                        \
    "# market.yaml\n"                                                                                                  \
    "campaigns:\n"                                                                                                     \
    "  - id: auto-insurance\n"                                                                                         \
    "    policy: weighted                # who is first inside a tier\n"                                               \
    "    rank_by: expected_value\n"                                                                                    \
    "    shadow: true                    # for now decided by price, and both are shown\n"                             \
    "    pricing: second\n"                                                                                            \
    "    second_price_step: \"0.05\"\n"                                                                                \
    "    unavailable_bids: last\n"                                                                                     \
    "    tier_mode: waterfall\n"                                                                                       \
    "    experiment: {share: 20, policy: round_robin, pricing: first}\n"                                               \
    "    fields:\n"                                                                                                    \
    "      state: {type: us_state, required: ping, private: false}\n"                                                  \
    "\n"                                                                                                               \
    "affiliates:\n"                                                                                                    \
    "  - {id: best-leads, keys: [\"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"], "       \
    "campaigns: [auto-insurance]}\n"                                                                                   \
    "\n"                                                                                                               \
    "buyers:\n"                                                                                                        \
    "  - id: north\n"                                                                                                  \
    "    signing_secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=\n"                                         \
    "    contracts:\n"                                                                                                 \
    "      - id: north-first\n"                                                                                        \
    "        campaign: auto-insurance\n"                                                                               \
    "        ping_url: https://north.example/ping\n"                                                                   \
    "        post_url: https://north.example/post\n"                                                                   \
    "        price: live\n"                                                                                            \
    "        max_price: \"80\"            # once a better bid is in, nobody waits for this one\n"                      \
    "        priority: 10\n"                                                                                           \
    "        weight: 3\n"                                                                                              \
    "        multiplier: \"1.10\"\n"                                                                                   \
    "      - id: north-rest\n"                                                                                         \
    "        campaign: auto-insurance\n"                                                                               \
    "        post_url: https://north.example/rest\n"                                                                   \
    "        price: \"4\"\n"                                                                                           \
    "        tier: 2\n"                                                                                                \
    "```\n"                                                                                                            \
    "\n"

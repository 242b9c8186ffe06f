/* A bucket of tokens as one instant: it is full when the instant has passed, empty when it is a second ahead. */
#include "protocol/wire/server_handshakes.h"

#include "protocol/base/table.h"

#define SECOND_US INT64_C(1000000)

/* The instant after one more; 0: there is no room for it. */
static int64_t after_one(int64_t paid_us, unsigned max, int64_t now_us)
{
    if (paid_us < now_us) paid_us = now_us;
    paid_us += SECOND_US / max;
    return paid_us - now_us <= SECOND_US ? paid_us : 0;
}

bool server_handshakes_enter(struct server_handshakes *handshakes, struct bytes address, int64_t now_us)
{
    int64_t *of = &handshakes->address_us[table_hash(address) % SERVER_HANDSHAKE_PLACES];
    int64_t all_us = handshakes->all_us, of_us = *of;
    if (handshakes->all_max) all_us = after_one(all_us, handshakes->all_max, now_us);
    if (handshakes->address_max) of_us = after_one(of_us, handshakes->address_max, now_us);
    if ((handshakes->all_max && !all_us) || (handshakes->address_max && !of_us)) return false;
    handshakes->all_us = all_us;
    *of = of_us;
    return true;
}

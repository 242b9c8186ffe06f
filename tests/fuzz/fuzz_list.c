// rooms: exchange_market
/* Hostile lists of people: no crash, and cut into pieces (of sizes the input's own bytes say) they are read as in one.
 */
#include "exchange/market/list_text.h"
#include "protocol/base/check.h"

struct reading {
    uint64_t sum; /* of entries, in their order */
    uint64_t count;
    bool good;
    struct list_text_error error;
};

static enum fault on_entry(void *arg, uint64_t entry)
{
    struct reading *reading = arg;
    reading->sum = reading->sum * 31 + entry;
    reading->count++;
    return FAULT_NONE;
}

static void read_list(struct bytes text, bool cut, struct reading *reading)
{
    struct list_text state;
    *reading = (struct reading){.good = true};
    list_text_open(&state, &(struct list_text_rules){.on_entry = on_entry, .entry_arg = reading});
    while (text.len && reading->good) {
        size_t step = cut ? (unsigned char)text.at[text.len / 2] + 1u : text.len;
        reading->good = list_text_piece(&state, bytes_first(text, step), &reading->error);
        text = bytes_from(text, step);
    }
    if (reading->good) reading->good = list_text_end(&state, &reading->error);
    list_text_close(&state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;
    struct reading whole, cut;
    if (!started) check(crypto_start() == FAULT_NONE);
    started = true;
    read_list((struct bytes){(const char *)data, size}, false, &whole);
    read_list((struct bytes){(const char *)data, size}, true, &cut);
    check(whole.good == cut.good && whole.count == cut.count && whole.sum == cut.sum);
    check(whole.good || whole.error.line == cut.error.line);
    return 0;
}

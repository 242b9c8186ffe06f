// rooms: protocol_codec
/* Hostile responses, as answers to a POST and to a HEAD: no crash, and however they are cut they read the same. */
#include "tests/fuzz/http_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_http(false, false, data, size);
    fuzz_http(false, true, data, size);
    return 0;
}

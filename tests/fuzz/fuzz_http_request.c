// rooms: protocol_codec
/* Hostile requests: no crash, and however they are cut they read the same. */
#include "tests/fuzz/http_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_http(true, false, data, size);
    return 0;
}

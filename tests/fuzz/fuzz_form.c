// rooms: protocol_codec
/* Hostile forms: no crash, memory within its bound, and what is read comes back unchanged from every writer. */
#include "tests/fuzz/roundtrip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_run(document_read_form, data, size);
    return 0;
}

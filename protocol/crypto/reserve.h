/* reserve: a few freed blocks kept per thread for libcrypto, which allocates and frees a small context in every hash
 * and MAC. For this room only. */
#pragma once

/* Before libcrypto's first allocation; where that has been already, nothing changes. Once. */
void reserve_start(void);

/* Linked into a copy of outcry (--wrap): what a refused post reserved is never given back. */
#include "exchange/standing/reservation.h"

void __wrap_reservation_release(struct standing *standing, const struct reservation *reservation);

void __wrap_reservation_release(struct standing *standing, const struct reservation *reservation)
{
    (void)standing;
    (void)reservation;
}

/* Everything is scaled up until what is cut off no longer shows, and summed in 128 bits: a billion auctions of a
 * thousand each stay far from their end. */
#include "exchange/market/trial.h"

#include "protocol/base/money.h"

#define HUNDREDTH (MONEY_UNIT / 100)
#define MARGIN_MAX INT64_C(10000000) /* hundredths: a lead's share in the squares ends here */
#define PPM INT64_C(1000000)
#define Z 196            /* hundredths */
#define Z_SQUARE 3841600 /* millionths */
#define Z_HALF 1920800   /* z²/2, millionths */
#define Z_QUARTER 960400 /* z²/4, millionths */

typedef unsigned __int128 wide;

/* The largest whole number whose square is not above it. */
static uint64_t root_of(wide square)
{
    wide root = 0, bit = (wide)1 << 126;
    while (bit > square) bit >>= 2;
    for (; bit; bit >>= 2) {
        if (square >= root + bit) {
            square -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint64_t)root;
}

uint64_t trial_square(int64_t margin_micros)
{
    int64_t hundredths = margin_micros / HUNDREDTH;
    if (hundredths < 0) hundredths = -hundredths;
    if (hundredths > MARGIN_MAX) hundredths = MARGIN_MAX;
    return (uint64_t)hundredths * (uint64_t)hundredths;
}

bool trial_share_of(const struct arm_sums *sums, struct trial_share *share)
{
    uint64_t n = sums->auctions, k = sums->sold < n ? sums->sold : n; /* an offer from before a restart was sold */
    if (n == 0) return false;
    wide whole = (wide)n * PPM + Z_SQUARE, middle = (wide)k * PPM + Z_HALF;
    wide inside = (wide)k * (n - k) * ((wide)PPM * PPM) / n + (wide)Z_QUARTER * PPM;
    wide half = (wide)root_of(inside) * Z / 100;
    share->ppm = (uint32_t)((wide)k * PPM / n);
    share->low_ppm = half < middle ? (uint32_t)((middle - half) * PPM / whole) : 0;
    wide high = (middle + half) * PPM / whole;
    share->high_ppm = high < PPM ? (uint32_t)high : (uint32_t)PPM;
    return true;
}

bool trial_margin_of(const struct arm_sums *sums, struct trial_margin *margin)
{
    uint64_t n = sums->auctions;
    if (n < 2) return false;
    int64_t hundredths = sums->margin_micros / HUNDREDTH;
    uint64_t size = hundredths < 0 ? (uint64_t)-hundredths : (uint64_t)hundredths;
    wide squares = (wide)sums->margin_squares * n, square = (wide)size * size;
    wide spread = squares > square ? squares - square : 0; /* n² times the variance, in hundredths² */
    uint64_t error_micros = root_of(spread / n * ((wide)HUNDREDTH * HUNDREDTH) / (n - 1) / n);
    int64_t half = (int64_t)((wide)error_micros * Z / 100);
    margin->mean_micros = sums->margin_micros / (int64_t)n;
    margin->low_micros = margin->mean_micros - half;
    margin->high_micros = margin->mean_micros + half;
    return true;
}

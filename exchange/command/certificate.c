#include "exchange/command/certificate.h"

#include <stdio.h>

#include "exchange/base/log.h"
#include "exchange/command/serving.h"

#define DAY_MS INT64_C(86400000)
#define LOOK_US INT64_C(3600000000)

unsigned certificate_level(int64_t left_ms)
{
    static const int64_t days[CERTIFICATE_LEVELS] = {21, 7, 1, 0};
    unsigned level = 0;
    while (level < CERTIFICATE_LEVELS && left_ms <= days[level] * DAY_MS) level++;
    return level;
}

static void tell(int64_t expires_ms, int64_t left_ms, unsigned level)
{
    char when[32], days[32];
    struct sink sink = sink_over(when, sizeof when - 1);
    clock_write_wall(&sink, expires_ms);
    when[sink.len] = 0;
    snprintf(days, sizeof days, "%lld", (long long)(left_ms / DAY_MS));
    bool is_urgent = level + 2 > CERTIFICATE_LEVELS; /* a day, or none */
    log_line(is_urgent ? LOG_ERROR : LOG_WARN,
             level < CERTIFICATE_LEVELS ? "certificate.expiring" : "certificate.expired", "expires", when, "days_left",
             days, NULL);
}

void certificate_on_time(void *arg)
{
    struct serving *serving = arg;
    int64_t expires_ms = tls_context_expires_ms(serving->server_tls), left_ms = expires_ms - clock_wall_ms();
    unsigned level = certificate_level(left_ms);
    if (level > serving->certificate_told) tell(expires_ms, left_ms, level);
    serving->certificate_told = level;
    loop_timer_at(serving->certificate_timer, loop_now_us(serving->loop) + LOOK_US);
}

void certificate_begin(struct serving *serving)
{
    int64_t expires_ms = serving->server_tls ? tls_context_expires_ms(serving->server_tls) : 0;
    atomic_store(&serving->hall.certificate_expires_ms, expires_ms);
    serving->certificate_told = 0;
    if (serving->server_tls)
        certificate_on_time(serving);
    else
        loop_timer_off(serving->certificate_timer);
}

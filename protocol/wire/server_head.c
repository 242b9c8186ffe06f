/* The Date line is written once a second and kept with the server: it is the same in every answer of that second. */
#include "protocol/wire/server_head.h"

#include "protocol/base/check.h"

/* RFC 9110 section 6.6.1 asks an origin server with a clock for it. */
static void write_date(struct server *server)
{
    static const char days[] = "ThuFriSatSunMonTueWed", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t now_s = clock_wall_ms() / 1000;
    if (now_s == server->date_s) return;
    server->date_s = now_s;
    int64_t year, day_number = now_s / 86400, in_day = now_s % 86400;
    unsigned month, day;
    clock_date_from_days(day_number, &year, &month, &day);
    struct sink line = sink_over(server->date, sizeof server->date);
    sink_text(&line, "Date: ");
    sink_bytes(&line, (struct bytes){days + 3 * (day_number % 7), 3});
    sink_text(&line, ", ");
    sink_digits(&line, day, 2);
    sink_char(&line, ' ');
    sink_bytes(&line, (struct bytes){months + 3 * (month - 1), 3});
    sink_char(&line, ' ');
    sink_digits(&line, (uint64_t)year, 4);
    sink_char(&line, ' ');
    sink_digits(&line, (uint64_t)in_day / 3600, 2);
    sink_char(&line, ':');
    sink_digits(&line, (uint64_t)in_day / 60 % 60, 2);
    sink_char(&line, ':');
    sink_digits(&line, (uint64_t)in_day % 60, 2);
    sink_text(&line, " GMT\r\n");
    check(!line.cut);
    server->date_len = (unsigned)line.len;
}

void server_head_write(struct sink *head, struct server *server, const struct server_answer *answer, bool closes,
                       int minor)
{
    bool has_body = answer->status >= 200 && answer->status != 204 && answer->status != 304;
    sink_text(head, "HTTP/1.1 ");
    sink_u64(head, (uint64_t)answer->status);
    sink_char(head, ' ');
    sink_text(head, http_status_text(answer->status));
    sink_text(head, "\r\n");
    write_date(server);
    sink_bytes(head, (struct bytes){server->date, server->date_len});
    if (answer->content_type) {
        sink_text(head, "Content-Type: ");
        sink_text(head, answer->content_type);
        sink_text(head, "\r\n");
    }
    if (has_body) {
        sink_text(head, "Content-Length: ");
        sink_u64(head, answer->body.len);
        sink_text(head, "\r\n");
    }
    if (closes)
        sink_text(head, "Connection: close\r\n");
    else if (minor == 0)
        sink_text(head, "Connection: keep-alive\r\n");
}

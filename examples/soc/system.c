/* The three functions that the driver of `plane` wants, and a console, for the system of soc.v. */
#include "plane_driver.h"
#include "system.h"

#define LETTER (*(volatile uint32_t *)0x10000000u)
#define STREAMS ((volatile uint32_t *)0x20000000u)
#define CAN_MOVE STREAMS[3]
#define POLLS 1000000u /* readings of CAN_MOVE after which a stream has failed */

uint32_t plane_read(void *port, uint32_t offset)
{
    return ((volatile uint32_t *)port)[offset / 4u];
}

void plane_write(void *port, uint32_t offset, uint32_t word)
{
    ((volatile uint32_t *)port)[offset / 4u] = word;
}

/* One number of a transfer: of a type as wide as the stream has it, 16 bits or 32 bits here. */
static void move_one(const plane_transfer *transfer, size_t at)
{
    if (transfer->stream == PLANE_STREAM_INPUTS) {
        STREAMS[0] = (uint32_t)((const plane_inputs_t *)transfer->given)[at];
    } else if (transfer->stream == PLANE_STREAM_TARGETS) {
        STREAMS[1] = (uint32_t)((const plane_targets_t *)transfer->given)[at];
    } else {
        ((plane_results_t *)transfer->taken)[at] = (plane_results_t)STREAMS[2];
    }
}

static size_t count_of(const plane_transfer *transfer)
{
    static const size_t widths[3] = {
        sizeof(plane_inputs_t), sizeof(plane_targets_t), sizeof(plane_results_t)
    };
    return transfer->bytes / widths[transfer->stream];
}

/* All at the same time: whichever the core gives or takes next. */
plane_status plane_move(void *port, const plane_transfer *transfers, uint32_t count)
{
    size_t done[3] = { 0, 0, 0 };
    (void)port;
    for (uint32_t polls = 0, left = count; left > 0 && polls < POLLS; polls++) {
        const uint32_t can_move = CAN_MOVE;
        left = 0;
        for (uint32_t n = 0; n < count; n++) {
            const size_t wanted = count_of(&transfers[n]);
            if (done[n] < wanted && ((can_move >> transfers[n].stream) & 1u) != 0u) {
                move_one(&transfers[n], done[n]++);
                polls = 0;
            }
            left += (done[n] < wanted) ? 1u : 0u;
        }
        if (left == 0) {
            return PLANE_OK;
        }
    }
    return PLANE_STREAM;
}

void print_text(const char *text)
{
    for (; *text != '\0'; text++) {
        LETTER = (uint8_t)*text;
    }
}

void print_number(int64_t number)
{
    char digits[24];
    char *next = &digits[23];
    uint64_t left = (number < 0) ? -(uint64_t)number : (uint64_t)number;
    *next = '\0';
    do {
        *--next = (char)('0' + (int)(left % 10u));
        left /= 10u;
    } while (left != 0u);
    print_text((number < 0) ? " -" : " ");
    print_text(next);
}

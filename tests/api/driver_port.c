/* The functions that a driver of the core `tiny` asks for, on the bus and streams of a simulation. */
#include "driver_port.h"
#include <stdio.h>
#include "shapes.h"

#define WORDS 512

/* testbench/cosim/harness.cpp */
int64_t sim_bus(void *sim, int write, uint32_t address, uint32_t data, int64_t limit);
int64_t sim_run(void *sim, const int32_t *const *data, const int64_t *rows, int32_t *results,
    int64_t count, unsigned stall, int64_t limit, uint64_t *entered);

struct board board;

/* What the streams are to give when the simulation runs on. */
static int32_t numbers[STREAMS][WORDS];
static int64_t rows[STREAMS];

static void run(int32_t *results, int64_t count)
{
    const int32_t *data[STREAMS];
    uint64_t entered[WORDS];
    for (int n = 0; n < STREAMS; n++) {
        data[n] = numbers[n];
    }
    if (sim_run(board.sim, data, rows, results, count, 60, 1000000, entered) < 0) {
        printf("the core did not finish\n");
    }
    for (int n = 0; n < STREAMS; n++) {
        rows[n] = 0;
    }
}

uint32_t tiny_read(void *port, uint32_t offset)
{
    if (offset == TINY_STATUS_OFFSET && rows[0] > 0) {
        run(NULL, 0);
    }
    const uint32_t word = (uint32_t)sim_bus(board.sim, 0, offset / 4, 0, 1000);
    return (port == &board && offset < 8) ? word ^ board.lie[offset / 4] : word;
}

void tiny_write(void *port, uint32_t offset, uint32_t word)
{
    (void)port;
    (void)sim_bus(board.sim, 1, offset / 4, word, 1000);
}

static int32_t number(const void *from, size_t size, size_t at)
{
    return size == 1 ? ((const int8_t *)from)[at]
        : size == 2  ? ((const int16_t *)from)[at]
                     : ((const int32_t *)from)[at];
}

static void give(const tiny_transfer *one)
{
    const struct shape *const shape = &shapes[one->stream];
    int64_t *const row = &rows[one->stream];
    const size_t end = one->bytes / shape->size;
    for (size_t from = 0; from < end; from += shape->row, (*row)++) {
        for (size_t at = 0; at < shape->width; at++) {
            numbers[one->stream][(size_t)*row * shape->width + at]
                = number(one->given, shape->size, from + at);
        }
    }
}

static void take(const tiny_transfer *one)
{
    int32_t words[WORDS];
    const size_t wanted = one->bytes / sizeof(tiny_results_t);
    run(words, (int64_t)wanted);
    for (size_t at = 0; at < wanted; at++) {
        ((tiny_results_t *)one->taken)[at] = (tiny_results_t)words[at];
    }
}

/* Streams are queued: the core takes them when it is asked for its status, or for results. */
tiny_status tiny_move(void *port, const tiny_transfer *transfers, uint32_t count)
{
    (void)port;
    for (uint32_t n = 0; n < count; n++) {
        if (transfers[n].taken == NULL) {
            give(&transfers[n]);
        }
    }
    for (uint32_t n = 0; n < count; n++) {
        if (transfers[n].taken != NULL) {
            take(&transfers[n]);
        }
    }
    return TINY_OK;
}

void expect(int wanted, tiny_status status)
{
    if ((int)status != wanted) {
        printf("status %d, not %d\n", (int)status, wanted);
    }
}

void show(const char *name, const int32_t *words, uint32_t count)
{
    printf("%s", name);
    for (uint32_t n = 0; n < count; n++) {
        printf(" %" PRId32, words[n]);
    }
    printf("\n");
}

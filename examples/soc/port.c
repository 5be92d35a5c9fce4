/* What a system has in the place of this file: registers in memory, and a DMA engine or two.
 * Here bus and streams are those of the core in Verilator (testbench/cosim/harness.cpp). */
#include <string.h>
#include "plane_driver.h"
#include "samples.h"

#define LIMIT 10000000 /* clocks after which something is wrong */

void *sim_open(void);
int64_t sim_bus(void *sim, int write, uint32_t address, uint32_t data, int64_t limit);
int64_t sim_run(void *sim, const int32_t *const *data, const int64_t *rows, int32_t *results,
    int64_t count, unsigned stall, int64_t limit, uint64_t *entered);

static struct {
    void *sim;
    int32_t inputs[ROWS * INPUTS];
    int32_t targets[ROWS];
    int64_t rows[2]; /* of inputs and targets, given and not yet taken */
} board;

void *port_open(void);
void *port_open(void)
{
    board.sim = sim_open();
    return &board;
}

static plane_status run(int32_t *results, int64_t count)
{
    static uint64_t entered[ROWS];
    const int32_t *const data[2] = { board.inputs, board.targets };
    const int64_t took = sim_run(board.sim, data, board.rows, results, count, 0, LIMIT, entered);
    memset(board.rows, 0, sizeof board.rows);
    return took < 0 ? PLANE_TIMEOUT : PLANE_OK;
}

uint32_t plane_read(void *port, uint32_t offset)
{
    (void)port;
    if (offset == PLANE_STATUS_OFFSET && board.rows[0] > 0) {
        (void)run(NULL, 0); /* time passes only when somebody looks */
    }
    return (uint32_t)sim_bus(board.sim, 0, offset / 4, 0, LIMIT);
}

void plane_write(void *port, uint32_t offset, uint32_t word)
{
    (void)port;
    (void)sim_bus(board.sim, 1, offset / 4, word, LIMIT);
}

plane_status plane_move(void *port, const plane_transfer *transfers, uint32_t count)
{
    (void)port;
    for (uint32_t n = 0; n < count; n++) {
        const plane_transfer *const one = &transfers[n];
        int64_t *const rows = &board.rows[one->stream];
        if (one->stream == PLANE_STREAM_INPUTS) {
            const plane_inputs_t *from = one->given;
            const size_t end = one->bytes / sizeof *from;
            for (size_t row = 0; row < end; row += PLANE_INPUTS_ROW, (*rows)++) {
                for (int64_t at = 0; at < INPUTS; at++) {
                    board.inputs[*rows * INPUTS + at] = from[row + (size_t)at];
                }
            }
        } else if (one->stream == PLANE_STREAM_TARGETS) {
            const plane_targets_t *from = one->given;
            for (size_t row = 0; row < one->bytes / sizeof *from; row++) {
                board.targets[(*rows)++] = from[row];
            }
        } else {
            plane_results_t *const taken = one->taken;
            const int64_t wanted = (int64_t)(one->bytes / sizeof *taken);
            int32_t words[ASKED];
            if (run(words, wanted) != PLANE_OK) {
                return PLANE_TIMEOUT;
            }
            for (int64_t at = 0; at < wanted; at++) {
                taken[at] = (plane_results_t)words[at];
            }
        }
    }
    return PLANE_OK;
}

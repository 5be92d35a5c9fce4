/* A host with the driver of the core `tiny`, whose bus and streams are those of a simulation. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "tiny_driver.h"
#include "given.h"

#define BATCHES 2
#define ASKED 5
#define INPUTS 3
#define WORDS 64

/* testbench/cosim/harness.cpp */
void *sim_open(void);
void sim_close(void *sim);
int64_t sim_bus(void *sim, int write, uint32_t address, uint32_t data, int64_t limit);
int64_t sim_run(void *sim, const int32_t *const *data, const int64_t *rows, int32_t *results,
    int64_t count, unsigned stall, int64_t limit, uint64_t *entered);

/* What the streams are to give when the simulation runs on; `lie` turns bits of MAGIC, CONFIG. */
static struct {
    void *sim;
    int32_t inputs[WORDS * INPUTS];
    int32_t targets[WORDS];
    int64_t rows[2];
    uint32_t lie[2];
} board;

static void run(int32_t *results, int64_t count)
{
    const int32_t *const data[2] = { board.inputs, board.targets };
    uint64_t entered[WORDS];
    if (sim_run(board.sim, data, board.rows, results, count, 60, 1000000, entered) < 0) {
        printf("the core did not finish\n");
    }
    board.rows[0] = 0;
    board.rows[1] = 0;
}

uint32_t tiny_read(void *port, uint32_t offset)
{
    if (offset == TINY_STATUS_OFFSET && board.rows[0] > 0) {
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

/* Streams are queued: the core takes them when it is asked for its status, or for results. */
tiny_status tiny_move(void *port, const tiny_transfer *transfers, uint32_t count)
{
    (void)port;
    for (uint32_t n = 0; n < count; n++) {
        const tiny_transfer *const one = &transfers[n];
        int64_t *const rows = &board.rows[one->stream];
        if (one->stream == TINY_STREAM_INPUTS) {
            const tiny_inputs_t *from = one->given;
            const size_t end = one->bytes / sizeof *from;
            for (size_t row = 0; row < end; row += TINY_INPUTS_ROW, (*rows)++) {
                for (size_t at = 0; at < INPUTS; at++) {
                    board.inputs[*rows * INPUTS + (int64_t)at] = from[row + at];
                }
            }
        } else if (one->stream == TINY_STREAM_TARGETS) {
            const tiny_targets_t *from = one->given;
            for (size_t row = 0; row < one->bytes / sizeof *from; row++) {
                board.targets[(*rows)++] = from[row];
            }
        } else {
            tiny_results_t *const taken = one->taken;
            run(taken, (int64_t)(one->bytes / sizeof *taken));
        }
    }
    return TINY_OK;
}

static void expect(int wanted, tiny_status status)
{
    if ((int)status != wanted) {
        printf("status %d, not %d\n", (int)status, wanted);
    }
}

static void show(const char *name, const int32_t *words, uint32_t count)
{
    printf("%s", name);
    for (uint32_t n = 0; n < count; n++) {
        printf(" %" PRId32, words[n]);
    }
    printf("\n");
}

int main(void)
{
    static const int32_t zeros[WORDS];
    const tiny_data data = { inputs, targets };
    const tiny_data asked = { inputs_asked, NULL };
    void *const port = &board;
    int32_t words[WORDS];
    tiny_results_t results[ASKED];
    tiny_learned learned;
    uint32_t causes;
    board.sim = sim_open();

    board.lie[0] = 1;
    expect(TINY_ABSENT, tiny_init(port));
    board.lie[0] = 0;
    board.lie[1] = 0x80000000;
    expect(TINY_OTHER, tiny_init(port));
    board.lie[1] = 0;
    tiny_write(port, TINY_SHIFT_0_OFFSET, 1);
    tiny_write(port, TINY_LFSR_0_OFFSET, 1);
    expect(TINY_OK, tiny_init(port));

    expect(TINY_OK, tiny_write_memory(port, 0, zeros, 9));
    expect(TINY_DIFFERENT, tiny_check_weights(port));
    expect(TINY_ARGUMENT, tiny_write_memory(port, 0, zeros, 10));
    expect(TINY_ARGUMENT, tiny_read_memory(port, TINY_MEMORIES, words, 1));
    expect(TINY_OK, tiny_load_weights(port));
    expect(TINY_OK, tiny_check_weights(port));

    expect(TINY_ARGUMENT, tiny_set_stage(port, TINY_STAGES_MOST + 1));
    expect(TINY_OK, tiny_set_stage(port, 1));
    expect(TINY_ARGUMENT, tiny_learn(port, &data, 0, &learned));
    expect(TINY_ARGUMENT, tiny_learn(port, &asked, 1, &learned));
    expect(TINY_ARGUMENT, tiny_enable_irq(port, 4));
    expect(TINY_OK, tiny_enable_irq(port, TINY_IRQ_ENABLE_DONE_MASK));
    expect(TINY_OK, tiny_take_irq(port, &causes));
    expect(TINY_OK, tiny_learn(port, &data, BATCHES, &learned));
    expect(TINY_OK, tiny_take_irq(port, &causes));
    expect(1, (causes & TINY_IRQ_STATUS_DONE_MASK) != 0);
    expect(learned.flags != 0, (causes & TINY_IRQ_STATUS_FLAG_MASK) != 0);
    expect(TINY_OK, tiny_take_irq(port, &causes));
    expect(0, causes != 0);
    printf("learned %" PRId64, learned.loss);
    for (unsigned lane = 0; lane < TINY_LANES; lane++) {
        printf(" %" PRId64, learned.jvp[lane]);
    }
    printf(" %" PRIu32 "\n", learned.flags);
    for (uint32_t select = 0; select < TINY_MEMORIES; select++) {
        static const uint32_t counts[TINY_MEMORIES] = { 9, 3, 3, 1, 9, 3, 3, 1 };
        char name[] = "memory 0";
        name[7] = (char)('0' + select);
        expect(TINY_OK, tiny_read_memory(port, select, words, counts[select]));
        show(name, words, counts[select]);
    }
    expect(TINY_OK, tiny_infer(port, &asked, ASKED, results));
    show("results", results, ASKED);

    expect(TINY_OK, tiny_learn_begin(port, 1));
    expect(TINY_BUSY, tiny_set_mask(port, 0, 1));
    expect(TINY_BUSY, tiny_learn_end(port, &learned));
    expect(TINY_TIMEOUT, tiny_wait(port));
    sim_close(board.sim);
    return 0;
}

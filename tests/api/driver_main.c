/* A host with the driver of the core `tiny`: what it can do, and what it refuses. */
#include <stdio.h>
#include "driver_port.h"
#include "given.h"

#define WORDS 64

int main(void)
{
    static const int32_t zeros[WORDS];
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
    expect((learned.flags & ~TINY_FLAGS_FLOOR_MASK) != 0, (causes & TINY_IRQ_STATUS_FLAG_MASK) != 0);
    expect(TINY_OK, tiny_take_irq(port, &causes));
    expect(0, causes != 0);
    printf("learned %" PRId64, learned.loss);
    for (unsigned lane = 0; lane < TINY_LANES; lane++) {
        printf(" %" PRId64, learned.jvp[lane]);
    }
    printf(" %" PRIu32 "\n", learned.flags);
    for (uint32_t select = 0; select < TINY_MEMORIES; select++) {
        expect(TINY_OK, tiny_read_memory(port, select, words, counts[select]));
        show("memory", words, counts[select]);
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

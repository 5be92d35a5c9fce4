/* A host with the driver of a core `tiny` of any kind: loads, learns if it can, reads all, infers. */
#include <stdio.h>
#include "driver_port.h"
#include "given.h"

#define WORDS 512

int main(void)
{
    void *const port = &board;
    static int32_t words[WORDS];
    static tiny_results_t results[WORDS];
    uint32_t causes = 0;
    board.sim = sim_open();
    expect(TINY_OK, tiny_init(port));
    expect(TINY_OK, tiny_load_weights(port));
    expect(TINY_OK, tiny_check_weights(port));
#ifdef BATCHES
    tiny_learned learned;
    expect(TINY_OK, tiny_set_stage(port, 1));
    expect(TINY_OK, tiny_learn(port, &data, BATCHES, &learned));
    printf("learned %" PRId64, learned.loss);
#if LANES > 0
    for (unsigned lane = 0; lane < LANES; lane++) {
        printf(" %" PRId64, learned.jvp[lane]);
    }
#endif
    printf(" %" PRIu32 "\n", learned.flags);
#endif
    for (uint32_t select = 0; select < sizeof(counts) / sizeof(counts[0]); select++) {
        expect(TINY_OK, tiny_read_memory(port, select, words, counts[select]));
        show("memory", words, counts[select]);
    }
#ifdef LABELS
    expect(TINY_OK, tiny_take_irq(port, &causes));
    tiny_write(port, TINY_SEEN_OFFSET, 0);
    tiny_write(port, TINY_CORRECT_OFFSET, 0);
#endif
    expect(TINY_OK, tiny_infer(port, &asked, ASKED, results));
    for (uint32_t n = 0; n < ASKED * TINY_RESULTS_ROW; n++) {
        words[n] = results[n];
    }
    show("results", words, ASKED * TINY_RESULTS_ROW);
    expect(TINY_OK, tiny_take_irq(port, &causes));
    expect(1, (causes & TINY_IRQ_STATUS_DONE_MASK) != 0);
#ifdef LABELS
    uint32_t seen, correct;
    expect(TINY_OK, tiny_answers(port, &seen, &correct));
    printf("answers %" PRIu32 " %" PRIu32 "\n", seen, correct);
    expect(TINY_OK, tiny_read_memory(port, TINY_MEMORIES - 1, words, LABELS * LABELS));
    show("confusion", words, LABELS * LABELS);
#endif
    sim_close(board.sim);
    return 0;
}

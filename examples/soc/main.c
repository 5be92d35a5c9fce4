/* A program next to the core `plane`: it loads weights, answers, learns on from samples in memory while
 * it does other work, shows what was learned, and answers again. */
#include "plane_driver.h"
#include "samples.h"
#include "system.h"

#define WORDS 8 /* of the largest memory */

static volatile plane_status learning;
static plane_learned learned;

void interrupt(void)
{
    uint32_t causes;
    (void)plane_take_irq(CORE, &causes);
    if ((causes & PLANE_IRQ_STATUS_DONE_MASK) != 0u) {
        learning = plane_learn_end(CORE, &learned);
    }
}

static plane_status answer(void)
{
    const plane_data ask = { inputs_asked, NULL };
    plane_results_t results[ASKED];
    const plane_status status = plane_infer(CORE, &ask, ASKED, results);
    print_text("answers");
    for (unsigned n = 0; n < ASKED; n++) {
        print_number(results[n]);
    }
    print_text("\n");
    return status;
}

static plane_status learn(void)
{
    static const plane_transfer batches[2] = {
        { PLANE_STREAM_INPUTS, inputs, NULL, sizeof inputs },
        { PLANE_STREAM_TARGETS, targets, NULL, sizeof targets },
    };
    plane_status status = plane_learn_begin(CORE, BATCHES); /* forgets what came before */
    learning = PLANE_BUSY;
    if (status == PLANE_OK) {
        status = plane_enable_irq(CORE, PLANE_IRQ_ENABLE_DONE_MASK);
    }
    if (status == PLANE_OK) {
        status = plane_move(CORE, batches, 2u);
    }
    while (status == PLANE_OK && learning == PLANE_BUSY) {
        /* What else there is to do, until the interrupt. */
    }
    (void)plane_enable_irq(CORE, 0u);
    print_text("learned");
    print_number(learned.loss);
    for (unsigned lane = 0; lane < PLANE_LANES; lane++) {
        print_number(learned.jvp[lane]);
    }
    print_number(learned.flags);
    print_text("\n");
    return (status == PLANE_OK) ? learning : status;
}

static plane_status show(uint32_t select, uint32_t count)
{
    int32_t words[WORDS];
    const plane_status status = plane_read_memory(CORE, select, words, count);
    print_text("memory");
    for (uint32_t n = 0; n < count; n++) {
        print_number(words[n]);
    }
    print_text("\n");
    return status;
}

int main(void)
{
    static const uint32_t counts[PLANE_MEMORIES] = { 8, 4, 4, 1 };
    plane_status status = plane_init(CORE); /* is it this core? */
    if (status == PLANE_OK) {
        status = plane_load_weights(CORE);
    }
    if (status == PLANE_OK) {
        status = plane_check_weights(CORE);
    }
    if (status == PLANE_OK) {
        status = answer();
    }
    for (unsigned n = 0; n < ROUNDS && status == PLANE_OK; n++) {
        status = learn();
    }
    for (uint32_t select = 0; select < PLANE_MEMORIES && status == PLANE_OK; select++) {
        status = show(select, counts[select]);
    }
    return (int)((status == PLANE_OK) ? answer() : status);
}

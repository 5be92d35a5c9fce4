"""What every driver does by registers alone, as C; ``${n}`` is the core's name."""

HEAD = """\
/* Driver of ${n}: see ${n}_driver.h. */
#include "${n}_driver.h"
#include "${n}_weights.h"

#define STOP ${stop}u
#define INFER ${infer}u
#define IRQ_CAUSES (${N}_IRQ_ENABLE_DONE_MASK | ${N}_IRQ_ENABLE_FLAG_MASK)
#define LEARNED ${learned}u /* memories that a run begins with */

typedef struct {
    const int32_t *words; /* to begin a run with; NULL: zeros */
    uint32_t count;
} memory;

static const memory memories[${N}_MEMORIES] = {
${memories}
};

typedef struct {
    uint32_t offset;
    uint32_t word;
} setting;

static const setting after_reset[] = {
${resets}
};

/* A word of two's complement. */
static int32_t as_signed(uint32_t word)
{
    const uint32_t below = 0xffffffffu - word;
    return (word <= 0x7fffffffu) ? (int32_t)word : (-(int32_t)below - 1);
}

static ${n}_status resting(void *port)
{
    const uint32_t status = ${n}_read(port, ${N}_STATUS_OFFSET);
    return ((status & ${N}_STATUS_BUSY_MASK) == 0u) ? ${N}_OK : ${N}_BUSY;
}

"""

WIDE = """\
#define LEARN ${learn}u

static uint64_t pair(void *port, uint32_t offset)
{
    const uint64_t low = ${n}_read(port, offset);
    const uint64_t high = ${n}_read(port, offset + 4u);
    return (high << 32u) | low;
}

static int64_t wide(void *port, uint32_t offset)
{
    const uint64_t word = pair(port, offset);
    const uint64_t below = ~word;
    return (word <= 0x7fffffffffffffffu) ? (int64_t)word : (-(int64_t)below - 1);
}

"""

CALLS = """\
${n}_status ${n}_identify(void *port)
{
    ${n}_status status = ${N}_OK;
    if (${n}_read(port, ${N}_MAGIC_OFFSET) != ${N}_MAGIC_RESET) {
        status = ${N}_ABSENT;
    } else if (${n}_read(port, ${N}_CONFIG_OFFSET) != ${N}_CONFIG_RESET) {
        status = ${N}_OTHER;
    } else {
        /* It is this one. */
    }
    return status;
}

${n}_status ${n}_init(void *port)
{
    ${n}_status status = ${n}_identify(port);
    if (status == ${N}_OK) {
        ${n}_write(port, ${N}_CONTROL_OFFSET, STOP);
        status = ${n}_wait(port);
    }
    if (status == ${N}_OK) {
        for (uint32_t n = 0u; n < (sizeof(after_reset) / sizeof(after_reset[0])); n++) {
            ${n}_write(port, after_reset[n].offset, after_reset[n].word);
        }
    }
    return status;
}

${n}_status ${n}_wait(void *port)
{
    ${n}_status status = ${N}_BUSY;
    for (uint32_t n = 0u; (n < ${N}_POLLS) && (status == ${N}_BUSY); n++) {
        status = resting(port);
    }
    return (status == ${N}_BUSY) ? ${N}_TIMEOUT : status;
}

${n}_status ${n}_flags(void *port, uint32_t *flags)
{
    *flags = ${n}_read(port, ${N}_FLAGS_OFFSET);
    return ${N}_OK;
}

${n}_status ${n}_clear_flags(void *port)
{
    ${n}_write(port, ${N}_FLAGS_OFFSET, 0u);
    return ${N}_OK;
}

${n}_status ${n}_enable_irq(void *port, uint32_t causes)
{
    const ${n}_status status = ((causes & ~IRQ_CAUSES) == 0u) ? ${N}_OK : ${N}_ARGUMENT;
    if (status == ${N}_OK) {
        ${n}_write(port, ${N}_IRQ_ENABLE_OFFSET, causes);
    }
    return status;
}

${n}_status ${n}_take_irq(void *port, uint32_t *causes)
{
    *causes = ${n}_read(port, ${N}_IRQ_STATUS_OFFSET);
    ${n}_write(port, ${N}_IRQ_STATUS_OFFSET, *causes);
    return ${N}_OK;
}

/* Rewinds memory `select`, of which `count` words are wanted. */
static ${n}_status select_memory(void *port, uint32_t select, uint32_t count)
{
    ${n}_status status = resting(port);
    if ((select >= ${N}_MEMORIES) || (count > memories[select % ${N}_MEMORIES].count)) {
        status = ${N}_ARGUMENT;
    }
    if (status == ${N}_OK) {
        ${n}_write(port, ${N}_WEIGHT_SELECT_OFFSET, select);
    }
    return status;
}

${n}_status ${n}_write_memory(void *port, uint32_t select, const int32_t *words, uint32_t count)
{
    const ${n}_status status = select_memory(port, select, count);
    for (uint32_t n = 0u; (status == ${N}_OK) && (n < count); n++) {
        ${n}_write(port, ${N}_WEIGHT_DATA_OFFSET, (uint32_t)words[n]);
    }
    return status;
}

${n}_status ${n}_read_memory(void *port, uint32_t select, int32_t *words, uint32_t count)
{
    const ${n}_status status = select_memory(port, select, count);
    for (uint32_t n = 0u; (status == ${N}_OK) && (n < count); n++) {
        words[n] = as_signed(${n}_read(port, ${N}_WEIGHT_DATA_OFFSET));
    }
    return status;
}

static int32_t first_word(uint32_t select, uint32_t n)
{
    return (memories[select].words == NULL) ? 0 : memories[select].words[n];
}

${n}_status ${n}_load_weights(void *port)
{
    ${n}_status status = ${N}_OK;
    for (uint32_t select = 0u; (status == ${N}_OK) && (select < LEARNED); select++) {
        status = select_memory(port, select, 0u);
        for (uint32_t n = 0u; (status == ${N}_OK) && (n < memories[select].count); n++) {
            ${n}_write(port, ${N}_WEIGHT_DATA_OFFSET, (uint32_t)first_word(select, n));
        }
    }
    return status;
}

${n}_status ${n}_check_weights(void *port)
{
    ${n}_status status = ${N}_OK;
    for (uint32_t select = 0u; (status == ${N}_OK) && (select < LEARNED); select++) {
        status = select_memory(port, select, 0u);
        for (uint32_t n = 0u; (status == ${N}_OK) && (n < memories[select].count); n++) {
            if (as_signed(${n}_read(port, ${N}_WEIGHT_DATA_OFFSET)) != first_word(select, n)) {
                status = ${N}_DIFFERENT;
            }
        }
    }
    return status;
}
"""

PACKET = """\

${n}_status ${n}_set_packet(void *port, uint32_t results)
{
    const uint32_t most = ${N}_PACKET_RESULTS_MASK;
    const ${n}_status status = (results > most) ? ${N}_ARGUMENT : resting(port);
    if (status == ${N}_OK) {
        ${n}_write(port, ${N}_PACKET_OFFSET, results);
    }
    return status;
}
"""

CODER = """\

${n}_status ${n}_set_coder(void *port, uint64_t state)
{
    const ${n}_status status = (state == 0u) ? ${N}_ARGUMENT : resting(port);
    if (status == ${N}_OK) {
        ${n}_write(port, ${N}_CODER_0_OFFSET, (uint32_t)(state & 0xffffffffu));
        ${n}_write(port, ${N}_CODER_1_OFFSET, (uint32_t)(state >> 32u));
    }
    return status;
}
"""

MASKS = """\

${n}_status ${n}_set_mask(void *port, uint32_t lane, uint32_t layers)
{
    const ${n}_status status = (lane >= ${N}_LANES) ? ${N}_ARGUMENT : resting(port);
    if (status == ${N}_OK) {
        ${n}_write(port, ${N}_MASK_0_OFFSET + (4u * lane), layers);
    }
    return status;
}
"""

LEARNING = """\

${n}_status ${n}_set_stage(void *port, uint32_t stage)
{
    const ${n}_status status = (stage > ${N}_STAGES_MOST) ? ${N}_ARGUMENT : resting(port);
    if (status == ${N}_OK) {
${staged}
    }
    return status;
}

${n}_status ${n}_set_drawer(void *port, uint64_t state)
{
    const ${n}_status status = (state == 0u) ? ${N}_ARGUMENT : resting(port);
    if (status == ${N}_OK) {
        ${n}_write(port, ${N}_LFSR_0_OFFSET, (uint32_t)(state & 0xffffffffu));
        ${n}_write(port, ${N}_LFSR_1_OFFSET, (uint32_t)(state >> 32u));
    }
    return status;
}

${n}_status ${n}_drawer(void *port, uint64_t *state)
{
    const ${n}_status status = resting(port);
    if (status == ${N}_OK) {
        *state = pair(port, ${N}_LFSR_0_OFFSET);
    }
    return status;
}

${n}_status ${n}_learn_begin(void *port, uint32_t batches)
{
    const ${n}_status status = (batches == 0u) ? ${N}_ARGUMENT : resting(port);
    if (status == ${N}_OK) {
        ${n}_write(port, ${N}_CONTROL_OFFSET, STOP);
        ${n}_write(port, ${N}_FLAGS_OFFSET, 0u);
        ${n}_write(port, ${N}_IRQ_STATUS_OFFSET, IRQ_CAUSES);
        ${n}_write(port, ${N}_UPDATES_OFFSET, batches);
        ${n}_write(port, ${N}_CONTROL_OFFSET, LEARN);
    }
    return status;
}

${n}_status ${n}_learn_end(void *port, ${n}_learned *learned)
{
    const ${n}_status status = resting(port);
    if (status == ${N}_OK) {
        learned->loss = wide(port, ${N}_LOSS_0_OFFSET);
@jvps@
        learned->flags = ${n}_read(port, ${N}_FLAGS_OFFSET);
    }
    return status;
}
"""

ANSWERS = """\

${n}_status ${n}_answers(void *port, uint32_t *seen, uint32_t *correct)
{
    *seen = ${n}_read(port, ${N}_SEEN_OFFSET);
    *correct = ${n}_read(port, ${N}_CORRECT_OFFSET);
    return ${N}_OK;
}
"""

"""``NAME_driver.h``: what a program sees of the driver, and what it must provide."""

from dualspike.hw.emit.driver.facts import c_type, filled, most_stages, row, rows_of, sends
from dualspike.model.description.description import Description
from dualspike.model.interface.feeds import Feed
from dualspike.model.interface.memory_map import confusion_memory, memory_map
from dualspike.model.interface.packets import row_of_results


def driver_header(d: Description, wrap: str | None) -> str:
    """C99, and C++; without functions for arrays of samples where events come in their place."""
    feeds, unit = sends(d, wrap), "samples" if d.kind == "mlp" else "functions"
    parts = [
        (True, _HEAD),
        (d.learns, _LEARNED),
        (bool(feeds), _STREAMS),
        (True, _CALLS),
        (wrap is not None, _PACKET),
        (d.network.coding == "bernoulli", _CODER),
        (d.learns, _LEARNING),
        (d.learns and bool(feeds), _LEARN),
        (bool(feeds), _INFER),
        (d.classes, _ANSWERS),
        (True, _TAIL),
    ]
    return filled(
        d.name,
        parts,
        sizes="\n".join(_sizes(d, feeds)),
        types="\n".join(_types(d, feeds)),
        fields="\n".join(f"    const {d.name}_{feed.name}_t *{feed.name};" for feed in feeds),
        jvp=f"    int64_t jvp[{d.lanes}]; /* of every lane */\n" if d.lanes else "",
        masks=_MASKS.replace("$n", d.name).replace("$N", d.name.upper()) if d.lanes else "",
        unit=unit,
        labels="\n   With their classes in `targets` they are counted." if d.classes else "",
    )


def _sizes(d: Description, feeds: list[Feed]) -> list[str]:
    top = d.name.upper()
    sizes = {"MEMORIES": len(memory_map(d)) + (confusion_memory(d) is not None)}
    if d.learns:
        sizes |= {"LANES": d.lanes, "PASSES": d.passes, "STAGES_MOST": most_stages(d)}
    for number, feed in enumerate(feeds):
        own = feed.name.upper()
        sizes |= {f"STREAM_{own}": number, f"{own}_ROW": row(feed), f"{own}_ROWS": rows_of(d, feed)}
    if feeds:
        sizes["STREAM_RESULTS"] = len(feeds)
        sizes["RESULTS_ROW"] = row_of_results(d)
    return [f"#define {top}_{name} {size}u" for name, size in sizes.items()]


def _types(d: Description, feeds: list[Feed]) -> list[str]:
    formats = {feed.name: feed.format for feed in feeds} | {"results": d.formats.membrane}
    return [
        f"typedef {c_type(form)} {d.name}_{name}_t; /* {form}: n is n / {1 << form.fraction} */"
        for name, form in formats.items()
    ]


_HEAD = """\
/* Driver of ${n} in freestanding C99: no allocation, no recursion, every loop ends.

   You provide three functions. `port` is yours: it is handed on as it came. Registers in memory,
   with the base address for a port, take

     uint32_t ${n}_read(void *port, uint32_t offset)
     { return ((volatile uint32_t *)port)[offset / 4u]; }
     void ${n}_write(void *port, uint32_t offset, uint32_t word)
     { ((volatile uint32_t *)port)[offset / 4u] = word; }

   Every function returns a status; what it was to find is valid with ${N}_OK alone. */
#ifndef ${N}_DRIVER_H
#define ${N}_DRIVER_H
#include <stddef.h>
#include <stdint.h>
#include "${n}.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Readings of STATUS after which ${n}_wait gives up. */
#ifndef ${N}_POLLS
#define ${N}_POLLS 100000000u
#endif

${sizes}

typedef enum {
    ${N}_OK = 0,
    ${N}_ABSENT = 1,    /* MAGIC is wrong: no such core is there */
    ${N}_OTHER = 2,     /* CONFIG is that of another description */
    ${N}_BUSY = 3,      /* a batch is under way, or samples are inside */
    ${N}_TIMEOUT = 4,   /* still busy after ${N}_POLLS readings */
    ${N}_ARGUMENT = 5,  /* an argument is out of its range */
    ${N}_DIFFERENT = 6, /* a memory does not hold the word that it should */
    ${N}_STREAM = 7     /* for ${n}_move, where a stream has failed */
} ${n}_status;

"""

_LEARNED = """\
/* What an update has found; `flags` are those of FLAGS since the run began: all but FLOOR are
   alarms. */
typedef struct {
    int64_t loss;
${jvp}    uint32_t flags;
} ${n}_learned;

"""

_STREAMS = """\
${types}

/* Row after row; a row is filled up with anything to ${N}_..._ROW numbers. A batch is
   ${N}_..._ROWS rows. Streams that a function does not use may be NULL. */
typedef struct {
${fields}
} ${n}_data;

/* `bytes` of `given` to the stream of this number, or from it to `taken`; the other is NULL. */
typedef struct {
    uint32_t stream;
    const void *given;
    void *taken;
    size_t bytes;
} ${n}_transfer;

/* Yours: all transfers at the same time, by DMA or word by word; returns when they are over. */
${n}_status ${n}_move(void *port, const ${n}_transfer *transfers, uint32_t count);

"""

_CALLS = """\
/* Yours: a register at a byte offset. */
uint32_t ${n}_read(void *port, uint32_t offset);
void ${n}_write(void *port, uint32_t offset, uint32_t word);

/* Whether this very core is there: MAGIC and CONFIG. */
${n}_status ${n}_identify(void *port);
/* Identifies, stops inference, waits, and sets all registers as they are after reset; memories
   stay. A run of learning cannot be broken off: it is waited for. */
${n}_status ${n}_init(void *port);
/* Until the core is not busy. */
${n}_status ${n}_wait(void *port);
/* FLAGS since they were last cleared; see ${N}_FLAGS_..._MASK. */
${n}_status ${n}_flags(void *port, uint32_t *flags);
${n}_status ${n}_clear_flags(void *port);

/* Which causes raise the port `irq`, a level: any of ${N}_IRQ_ENABLE_..._MASK; 0 for none. */
${n}_status ${n}_enable_irq(void *port, uint32_t causes);
/* The causes that have come, enabled or not, as ${N}_IRQ_STATUS_..._MASK. They are cleared, so
   that `irq` falls; one that comes after them is not. */
${n}_status ${n}_take_irq(void *port, uint32_t *causes);

/* The first `count` words of memory `select`: 2 * layer for weights, one more for biases. */
${n}_status ${n}_write_memory(void *port, uint32_t select, const int32_t *words, uint32_t count);
${n}_status ${n}_read_memory(void *port, uint32_t select, int32_t *words, uint32_t count);
/* The words of ${n}_weights.h into the weights and biases, 0 into what a run begins with at 0. */
${n}_status ${n}_load_weights(void *port);
/* Whether all of that is there, as before a run. */
${n}_status ${n}_check_weights(void *port);

"""

_PACKET = """\
/* Results in a packet: TLAST comes with the last of so many, 0 for as many as the register has
   numbers. After init those of one of the ${unit}. `BUSY` while results may be on their way. */
${n}_status ${n}_set_packet(void *port, uint32_t results);

"""

_CODER = """\
/* The state from which spikes of inputs are drawn; not 0. */
${n}_status ${n}_set_coder(void *port, uint64_t state);

"""

_LEARNING = """\
/* The rate is halved `stage` times, 0 to ${N}_STAGES_MOST. */
${n}_status ${n}_set_stage(void *port, uint32_t stage);
${masks}/* The state from which signs are drawn; not 0. To go on, keep it with the memories. */
${n}_status ${n}_set_drawer(void *port, uint64_t state);
${n}_status ${n}_drawer(void *port, uint64_t *state);
/* Clears FLAGS and IRQ_STATUS and begins to learn `batches`: then give their samples, each batch
   ${N}_PASSES times. */
${n}_status ${n}_learn_begin(void *port, uint32_t batches);
/* After the interrupt DONE, as in its handler: what the last batch has found. */
${n}_status ${n}_learn_end(void *port, ${n}_learned *learned);
"""

_MASKS = """\
/* Which layers lane `lane` perturbs, layer l as bit l; after reset as in the description. */
$n_status $n_set_mask(void *port, uint32_t lane, uint32_t layers);
"""

_LEARN = """\
/* The whole of it: begins, gives the data of all batches, waits, ends. */
${n}_status ${n}_learn(void *port, const ${n}_data *data, uint32_t batches,
    ${n}_learned *learned);
"""

_INFER = """\

/* Infer `count` ${unit}: ${N}_RESULTS_ROW results for each.${labels} */
${n}_status ${n}_infer(void *port, const ${n}_data *data, uint32_t count,
    ${n}_results_t *results);
"""

_ANSWERS = """\

/* How many samples came with their class, and how many of them were answered right. */
${n}_status ${n}_answers(void *port, uint32_t *seen, uint32_t *correct);
"""

_COUNT = """\
/* As ${n}_infer, with the class of every sample in `targets`: they are counted. */
${n}_status ${n}_infer_labelled(void *port, const ${n}_data *data, uint32_t count,
    ${n}_results_t *results);
"""

_TAIL = """\

#ifdef __cplusplus
}
#endif
#endif
"""

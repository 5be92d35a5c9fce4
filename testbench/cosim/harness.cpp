// Drives a Verilated core in bulk: one call runs whole batches, so Python is not in the loop.
// The build defines TOP_CLASS, TOP_HEADER and RESULT_BITS. ports.h defines FEEDS(X), the input
// streams, as a row of X(number, name, width, simd, bits), and `log_probes` for cores with probes.
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include TOP_HEADER
#include "verilated.h"
#if VM_COVERAGE
#include "verilated_cov.h"
#endif
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Trace = VerilatedFstC;
#elif VM_TRACE
#include "verilated_vcd_c.h"
using Trace = VerilatedVcdC;
#endif

using Log = std::vector<uint32_t>;

template <class Port>
static void put(Port& port, const uint32_t* words) {
    if constexpr (sizeof(Port) <= 4) {
        port = words[0];
    } else if constexpr (sizeof(Port) == 8 && std::is_integral_v<Port>) {
        port = static_cast<uint64_t>(words[1]) << 32 | words[0];
    } else {
        for (size_t n = 0; n < sizeof(Port) / 4; ++n) port[n] = words[n];
    }
}

template <class Port>
[[maybe_unused]] static void log_port(Log& log, uint32_t id, uint64_t cycle, const Port& port) {
    log.push_back(id);
    log.push_back(static_cast<uint32_t>(cycle));
    log.push_back(static_cast<uint32_t>(cycle >> 32));
    uint32_t words[(sizeof(Port) + 3) / 4] = {};
    std::memcpy(words, &port, sizeof(Port));
    for (uint32_t word : words) log.push_back(word);
}

#include "ports.h"

struct Simulation {
    VerilatedContext context;
    // Tracing is switched on in this very context: the thread's default one may be another core's.
    TOP_CLASS top{(context.traceEverOn(VM_TRACE), &context)};
    uint64_t cycle = 0;
    uint32_t random = 0x9E3779B9;
    Log log;
#if VM_TRACE
    std::unique_ptr<Trace> trace;
    uint64_t trace_from = 0, trace_to = 0;
#endif

    bool stalled(unsigned per_256) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        return (random & 255) < per_256;
    }

    // With the clock low: what the coming edge will see is then visible on the ports.
    void settle() { top.eval(); }

    void edge() {
        log_probes(top, log, cycle);
#if VM_TRACE
        bool record = trace && cycle >= trace_from && cycle < trace_to;
        if (record) trace->dump(10 * cycle);
#endif
        top.clk = 1;
        top.eval();
#if VM_TRACE
        if (record) trace->dump(10 * cycle + 5);
#endif
        top.clk = 0;
        ++cycle;
    }
};

// Rows of one input stream, `width` numbers each, on their way in as chunks of `simd`.
struct Feed {
    const int32_t* data;
    int64_t rows, row = 0;
    int chunk = 0;
    bool offered = false;

    template <int width, int simd, int bits, class Port>
    void offer(Simulation* sim, Port& port, unsigned stall) {
        if (offered || row == rows || (stall && sim->stalled(stall))) return;
        uint32_t words[(simd * bits + 31) / 32 + 2] = {};
        const int32_t* numbers = data + row * width;
        for (int s = 0; s < simd && chunk * simd + s < width; ++s) {
            uint64_t field = static_cast<uint32_t>(numbers[chunk * simd + s]) & ((1ull << bits) - 1);
            int bit = s * bits;
            field <<= bit % 32;
            words[bit / 32] |= static_cast<uint32_t>(field);
            words[bit / 32 + 1] |= static_cast<uint32_t>(field >> 32);
        }
        put(port, words);
        offered = true;
    }

    // Whether this was the last chunk of a row.
    bool take(int chunks) {
        offered = false;
        if (++chunk < chunks) return false;
        chunk = 0;
        ++row;
        return true;
    }
};

#define COUNT(...) +1
constexpr int n_feeds = 0 FEEDS(COUNT);

// No stream moves.
static void rest(TOP_CLASS& top) {
#define REST(n, name, ...) top.name##_valid = 0;
    FEEDS(REST)
    top.results_ready = 0;
}

extern "C" {

// Resets the core, whatever is inside.
void sim_reset(Simulation* sim) {
    rest(sim->top);
    sim->top.rst = 1;
    for (int n = 0; n < 2; ++n) {
        sim->settle();
        sim->edge();
    }
    sim->top.rst = 0;
}

Simulation* sim_open() {
    auto* sim = new Simulation;
    sim->top.clk = 0;
    sim_reset(sim);
    return sim;
}

void sim_close(Simulation* sim) {
#if VM_TRACE
    if (sim->trace) sim->trace->close();
#endif
    sim->top.final();
    delete sim;
}

#if VM_COVERAGE
// Writes how often each line was reached and each bit has changed.
void sim_coverage(Simulation* sim, const char* path) { sim->context.coveragep()->write(path); }
#endif

uint64_t sim_cycle(const Simulation* sim) { return sim->cycle; }

// Records a waveform of the cycles [from, to); returns 0 if this build cannot.
int sim_trace(Simulation* sim, const char* path, uint64_t from, uint64_t to) {
#if VM_TRACE
    sim->trace = std::make_unique<Trace>();
    sim->top.trace(sim->trace.get(), 99);
    sim->trace->open(path);
    sim->trace_from = from;
    sim->trace_to = to;
    return 1;
#else
    (void)sim, (void)path, (void)from, (void)to;
    return 0;
#endif
}

// One transfer: what was read, or -1 if nothing has answered after `limit` cycles.
int64_t sim_bus(Simulation* sim, int write, uint32_t address, uint32_t data, int64_t limit) {
    auto& top = sim->top;
    top.bus_request = 1;
    top.bus_write = write != 0;
    top.bus_address = address;
    top.bus_write_data = data;
    uint32_t read = 0;
    bool done = false;
    for (int64_t n = 0; n < limit && !done; ++n) {
        sim->settle();
        done = top.bus_done;
        read = top.bus_read_data;
        sim->edge();
    }
    top.bus_request = 0;
    return done ? static_cast<int64_t>(read) : -1;
}

// Feeds rows[n] rows of data[n] to every input stream n and takes `n_results` outputs; then waits
// until the core is no longer busy. `stall` per 256 cycles each stream pauses. Returns the cycles
// it took, or -1 after `limit` cycles without an end. `entered` gets the cycle in which each row
// of stream 0 had gone in.
int64_t sim_run(Simulation* sim, const int32_t* const* data, const int64_t* rows, int32_t* results,
                int64_t n_results, unsigned stall, int64_t limit, uint64_t* entered) {
    auto& top = sim->top;
    Feed feeds[n_feeds];
    for (int n = 0; n < n_feeds; ++n) feeds[n] = {data[n], rows[n]};
    int64_t result = 0;
    const uint64_t begin = sim->cycle;
    for (;;) {
#define OFFER(n, name, width, simd, bits)                                     \
    feeds[n].offer<width, simd, bits>(sim, top.name##_payload, stall);        \
    top.name##_valid = feeds[n].offered;
        FEEDS(OFFER)
        top.results_ready = result < n_results && !(stall && sim->stalled(stall));
        sim->settle();
#define TAKE(n, name, width, simd, bits)                                      \
    if (feeds[n].offered && top.name##_ready &&                               \
        feeds[n].take((width + simd - 1) / simd) && n == 0)                   \
        entered[feeds[n].row - 1] = sim->cycle;
        FEEDS(TAKE)
        if (top.results_ready && top.results_valid) {
            uint32_t word = top.results_payload;
            results[result++] = static_cast<int32_t>(word << (32 - RESULT_BITS)) >> (32 - RESULT_BITS);
        }
        bool finished = result == n_results && !top.busy;
        for (const Feed& feed : feeds) finished = finished && feed.row == feed.rows;
        sim->edge();
        if (finished) break;
        if (static_cast<int64_t>(sim->cycle - begin) > limit) return -1;
    }
    rest(top);
    return static_cast<int64_t>(sim->cycle - begin);
}

// What the probes saw since the last call; returns the number of 32-bit words in `*data`.
int64_t sim_log(Simulation* sim, const uint32_t** data) {
    *data = sim->log.data();
    return static_cast<int64_t>(sim->log.size());
}

void sim_forget(Simulation* sim) { sim->log.clear(); }
}

// Clock, reset and console of soc.v in Verilator: runs the program to its end, and keeps what it
// writes.
#include <cstdint>

#include "Vsoc.h"
#include "verilated.h"

static const uint64_t kMostClocks = 5000000;

// Letters into `told`, with a 0 behind them; the program's status, -1 if the processor was trapped
// or came to no end. `clocks` is how long it ran.
extern "C" int64_t soc_run(char* told, uint64_t room, uint64_t* clocks) {
    VerilatedContext context;
    Vsoc soc{&context};
    uint64_t letters = 0;
    int64_t status = -1;
    soc.rst = 1;
    for (*clocks = 0; *clocks < kMostClocks && !soc.trap && status < 0; ++*clocks) {
        soc.clk = 0;
        soc.eval();
        if (soc.letter_valid && letters + 1 < room) told[letters++] = static_cast<char>(soc.written);
        if (soc.over) status = soc.written;
        soc.clk = 1;
        soc.eval();
        soc.rst = *clocks < 4;
    }
    told[letters] = 0;
    return status;
}

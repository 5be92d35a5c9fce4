// A Verilated board in bulk: its UART pins on one side, bytes on the other.
// The build defines TOP_CLASS and TOP_HEADER. A bit takes `clocks / bits` clocks, a fraction.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include TOP_HEADER
#include "verilated.h"

// Ticks once a bit, on the average exactly so often.
struct Pace {
    uint64_t phase = 0;
    bool tick(uint64_t bits, uint64_t clocks) {
        phase += bits;
        if (phase < clocks) return false;
        phase -= clocks;
        return true;
    }
};

struct Board {
    VerilatedContext context;
    TOP_CLASS top{&context};
    uint64_t bits, clocks;
    uint64_t cycle = 0, busy = 0, quiet = 0;

    std::deque<uint8_t> outgoing;  // from the host, not yet on the line
    Pace send;
    unsigned shift = 1, to_send = 0;
    uint64_t held_low = 0;

    std::vector<uint8_t> received;  // from the board
    Pace receive;
    unsigned byte = 0, bit = 0;
    enum { IDLE, START, DATA, STOP } state = IDLE;

    Board(uint64_t b, uint64_t c) : bits(b), clocks(c) {
        top.clk = 0;
        top.rx = 1;
        top.rst = 1;
        for (int n = 0; n < 2; ++n) edge();
        top.rst = 0;
    }

    void edge() {
        top.eval();
        top.clk = 1;
        top.eval();
        top.clk = 0;
    }

    void drive() {
        if (held_low) {
            --held_low;
            top.rx = 0;
            return;
        }
        if (to_send == 0) {
            if (outgoing.empty()) {
                top.rx = 1;
                return;
            }
            shift = outgoing.front() << 1 | 0x200;
            outgoing.pop_front();
            to_send = 10;
            // Bytes without a gap keep the phase: bits are as long as the rate says, on average.
        }
        top.rx = shift & 1;
        ++busy;
        if (send.tick(bits, clocks)) {
            shift >>= 1;
            --to_send;
        }
    }

    void listen() {
        bool line = top.tx;
        if (state == IDLE) {
            if (!line) {
                receive.phase = clocks / 2;
                state = START;
            }
            return;
        }
        if (!receive.tick(bits, clocks)) return;
        if (state == START) {
            state = line ? IDLE : DATA;
            bit = byte = 0;
        } else if (state == DATA) {
            byte |= line << bit;
            if (++bit == 8) state = STOP;
        } else {
            if (line) received.push_back(static_cast<uint8_t>(byte));
            state = IDLE;
        }
    }

    void step() {
        drive();
        edge();
        listen();
        ++cycle;
        bool rests = outgoing.empty() && to_send == 0 && !held_low && state == IDLE && !top.active;
        quiet = rests ? quiet + 1 : 0;
    }

    // Nothing has moved for a byte's time, and a byte that came before has been looked at.
    bool idle() const { return quiet * bits > 10 * clocks; }
};

extern "C" {

Board* board_open(uint64_t bits, uint64_t clocks) { return new Board(bits, clocks); }

void board_close(Board* board) {
    board->top.final();
    delete board;
}

// Puts bytes into the queue to the line; they go out one after the other.
void board_send(Board* board, const uint8_t* bytes, int64_t count) {
    board->outgoing.insert(board->outgoing.end(), bytes, bytes + count);
    board->quiet = 0;
}

// Holds the line low for some clocks, as a break does.
void board_break(Board* board, uint64_t clocks) {
    board->held_low = clocks;
    board->quiet = 0;
}

// Runs until `wanted` bytes have come, or for `limit` clocks; with `rest` also until nothing is
// left to do. Returns how many bytes wait to be read.
int64_t board_run(Board* board, int64_t wanted, uint64_t limit, int rest) {
    for (uint64_t n = 0; n < limit; ++n) {
        if (static_cast<int64_t>(board->received.size()) >= wanted) break;
        if (rest && board->idle()) break;
        board->step();
    }
    return static_cast<int64_t>(board->received.size());
}

int64_t board_read(Board* board, uint8_t* bytes, int64_t room) {
    auto& from = board->received;
    int64_t count = std::min<int64_t>(room, static_cast<int64_t>(from.size()));
    std::copy(from.begin(), from.begin() + count, bytes);
    from.erase(from.begin(), from.begin() + count);
    return count;
}

int board_idle(const Board* board) { return board->idle(); }
uint64_t board_queued(const Board* board) { return board->outgoing.size(); }
uint64_t board_cycle(const Board* board) { return board->cycle; }

// Clocks in which the line to the board carried a byte.
uint64_t board_busy(const Board* board) { return board->busy; }

// heartbeat, training, error and overflow, in bits 0 to 3.
unsigned board_lights(const Board* board) {
    const auto& top = board->top;
    return top.heartbeat | top.training << 1 | top.error << 2 | top.overflow << 3;
}
}

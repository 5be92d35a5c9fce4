/* A board that is a simulation of the core `tiny`. */
#include <inttypes.h>
#include "tiny_driver.h"

void *sim_open(void);
void sim_close(void *sim);

/* `lie` turns bits of MAGIC and CONFIG. */
extern struct board {
    void *sim;
    uint32_t lie[2];
} board;

/* Says so if a status is another. */
void expect(int wanted, tiny_status status);
/* Prints a line. */
void show(const char *name, const int32_t *words, uint32_t count);

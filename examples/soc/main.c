/* A program next to the core `plane`: it loads weights, answers, and learns on from samples in memory. */
#include <inttypes.h>
#include <stdio.h>
#include "plane_driver.h"
#include "samples.h"

void *port_open(void);

static int failed(const char *what, plane_status status)
{
    printf("%s: status %d\n", what, (int)status);
    return 1;
}

int main(void)
{
    static plane_results_t results[ASKED];
    const plane_data learn = { inputs, targets };
    const plane_data ask = { inputs_asked, NULL };
    plane_learned learned;
    plane_status status;
    void *const port = port_open();

    if ((status = plane_init(port)) != PLANE_OK) { /* is it this core? */
        return failed("init", status);
    }
    if ((status = plane_load_weights(port)) != PLANE_OK) {
        return failed("load", status);
    }
    if ((status = plane_infer(port, &ask, ASKED, results)) != PLANE_OK) {
        return failed("infer", status);
    }
    for (unsigned n = 0; n < ASKED; n++) {
        printf("answer %" PRId32 "\n", (int32_t)results[n]);
    }
    for (unsigned n = 0; n < ROUNDS; n++) {
        if ((status = plane_learn(port, &learn, BATCHES, &learned)) != PLANE_OK) {
            return failed("learn", status);
        }
        printf("loss %" PRId64 "\n", learned.loss);
    }
    return 0;
}

"""What a driver does with samples in arrays, as C; ``${n}`` is the core's name."""

LEARN = """\

${n}_status ${n}_learn(void *port, const ${n}_data *data, uint32_t batches,
    ${n}_learned *learned)
{
    ${n}_status status = ${N}_ARGUMENT;
    if (${whole}) {
        status = ${n}_learn_begin(port, batches);
    }
    for (uint32_t batch = 0u; batch < batches; batch++) {
        for (uint32_t pass = 0u; (status == ${N}_OK) && (pass < ${N}_PASSES); pass++) {
            ${n}_transfer moved[${feeds}];
${batch}
            status = ${n}_move(port, moved, ${feeds}u);
        }
    }
    if (status == ${N}_OK) {
        status = ${n}_wait(port);
    }
    if (status == ${N}_OK) {
        status = ${n}_learn_end(port, learned);
    }
    return status;
}
"""

MOVES = """\

static ${n}_transfer giving(uint32_t stream, const void *given, size_t bytes)
{
    const ${n}_transfer transfer = { stream, given, NULL, bytes };
    return transfer;
}
"""

INFER = """\

${n}_status ${n}_infer(void *port, const ${n}_data *data, uint32_t count,
    ${n}_results_t *results)
{
    ${n}_status status = ${N}_ARGUMENT;
    if ((results != NULL) && ${asked}) {
        status = resting(port);
    }
    if (status == ${N}_OK) {
        ${n}_transfer moved[${inputs} + 2];
        uint32_t used = ${inputs}u;
${samples}
        moved[used] = giving(${N}_STREAM_RESULTS, NULL,
            (size_t)count * ${N}_RESULTS_ROW * sizeof(${n}_results_t));
        moved[used].taken = results;
        used++;
@labels@
        ${n}_write(port, ${N}_CONTROL_OFFSET, INFER);
        status = ${n}_move(port, moved, used);
        ${n}_write(port, ${N}_CONTROL_OFFSET, STOP);
    }
    if (status == ${N}_OK) {
        status = ${n}_wait(port);
    }
    return status;
}
"""

LABELS = """\
        if (data->targets != NULL) {
            moved[used] = giving(${N}_STREAM_TARGETS, data->targets,
                (size_t)count * sizeof(${n}_targets_t));
            used++;
        }
        ${n}_write(port, ${N}_LABELLED_OFFSET, (data->targets != NULL) ? 1u : 0u);
"""

# What PicoRV32 runs first, and what it runs at an interrupt. Its own instructions for these are
# in its README: q0 holds the address to go back to, and `maskirq` which interrupts wait.

    .macro getq rd, from                    # rd = q register `from`, 0 to 3, named x0 to x3
    .insn r CUSTOM_0, 4, 0, \rd, \from, x0
    .endm
    .macro maskirq rd, mask
    .insn r CUSTOM_0, 6, 3, \rd, \mask, x0
    .endm
    .macro retirq
    .insn r CUSTOM_0, 0, 2, x0, x0, x0
    .endm

    .section .start, "ax"
    .globl reset
reset:                                      # PROGADDR_RESET
    j begin
    .balign 16
at_interrupt:                               # PROGADDR_IRQ, 0x10; interrupts wait until retirq
    addi sp, sp, -64
    sw ra, 0(sp)
    sw t0, 4(sp)
    sw t1, 8(sp)
    sw t2, 12(sp)
    sw t3, 16(sp)
    sw t4, 20(sp)
    sw t5, 24(sp)
    sw t6, 28(sp)
    sw a0, 32(sp)
    sw a1, 36(sp)
    sw a2, 40(sp)
    sw a3, 44(sp)
    sw a4, 48(sp)
    sw a5, 52(sp)
    sw a6, 56(sp)
    sw a7, 60(sp)
    call interrupt
    lw ra, 0(sp)
    lw t0, 4(sp)
    lw t1, 8(sp)
    lw t2, 12(sp)
    lw t3, 16(sp)
    lw t4, 20(sp)
    lw t5, 24(sp)
    lw t6, 28(sp)
    lw a0, 32(sp)
    lw a1, 36(sp)
    lw a2, 40(sp)
    lw a3, 44(sp)
    lw a4, 48(sp)
    lw a5, 52(sp)
    lw a6, 56(sp)
    lw a7, 60(sp)
    addi sp, sp, 64
    retirq

begin:                                      # STACKADDR has set sp; all memory is 0 or loaded
    li t0, -1 - (1 << 3)                    # only the core's interrupt is let through
    maskirq x0, t0
    call main
    li t0, 0x10000004                       # the console's status
    sw a0, 0(t0)
1:  j 1b

/* The system of soc.v, for programs. */
#ifndef SYSTEM_H
#define SYSTEM_H
#include <stdint.h>

#define CORE ((void *)0x40000000u) /* the port of the driver */

void print_text(const char *text);
void print_number(int64_t number); /* a space, then it in decimals */

/* Yours: what the core's interrupt calls. */
void interrupt(void);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What the TCP tracer counts on each CPU. All counters only grow. */
#ifndef KS_TCP_H
#define KS_TCP_H

#include "bpf.h"

enum tcp_limits {
	TCP_STATES = 16,
};

struct tcp_cpu {
	u64 retransmits;
	u64 states[TCP_STATES]; /* sockets that came into each state, by the kernel's number */
};
_Static_assert(sizeof(struct tcp_cpu) == 8 + 8 * TCP_STATES, "no padding");

#endif

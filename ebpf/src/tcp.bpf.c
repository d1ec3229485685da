/* SPDX-License-Identifier: GPL-2.0 */
/* tcp: retransmitted segments and changes of state, on all network namespaces together.
 *
 * Hooks: tcp_retransmit_skb, inet_sock_set_state. */
#include "tcp.h"

struct {
	MAP_NUMBER(type, MAP_PERCPU_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct tcp_cpu);
} tcp_cpus SEC(".maps");

SEC("tp_btf/tcp_retransmit_skb")
int handle_retransmit(u64 *ctx)
{
	struct tcp_cpu *cpu = THIS_CPU(tcp_cpus);

	if (cpu)
		cpu->retransmits++;
	return 0;
}

/* The arguments are the socket, its old and its new state. */
SEC("tp_btf/inet_sock_set_state")
int handle_state(u64 *ctx)
{
	struct tcp_cpu *cpu = THIS_CPU(tcp_cpus);

	if (cpu)
		cpu->states[ctx[2] & (TCP_STATES - 1)]++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

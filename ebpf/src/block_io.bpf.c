/* SPDX-License-Identifier: GPL-2.0 */
/* block_io: latency and size of block requests, by device and operation.
 *
 * Hooks: block_rq_issue, block_rq_complete. A completion without an issue (flush sequences, and
 * what was in flight when tracing began) is counted apart, never as zero latency. Waits before the
 * issue, as of throttled requests, are the queued time where the kernel stamps requests. */
#include "block_io.h"
#include "kernel.h"
#include "variants.h"

struct {
	MAP_NUMBER(type, MAP_HASH);
	MAP_NUMBER(max_entries, 4096);
	MAP_TYPE(key, u64);
	MAP_TYPE(value, struct block_start);
} block_starts SEC(".maps");

struct {
	MAP_NUMBER(type, MAP_HASH);
	MAP_NUMBER(max_entries, 64);
	MAP_TYPE(key, struct block_key);
	MAP_TYPE(value, struct block_value);
} block_devices SEC(".maps");

struct {
	MAP_NUMBER(type, MAP_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct block_losses);
} block_losses SEC(".maps");

/* A value too large for the stack, to put into the map for a new device. */
static const struct block_value empty;

INLINE void lost_start(void)
{
	struct block_losses *losses = THIS_CPU(block_losses);

	if (losses)
		__sync_fetch_and_add(&losses->starts, 1);
}

INLINE void lost_device(void)
{
	struct block_losses *losses = THIS_CPU(block_losses);

	if (losses)
		__sync_fetch_and_add(&losses->devices, 1);
}

INLINE struct block_value *device(const struct block_key *key)
{
	struct block_value *value = bpf_map_lookup_elem(&block_devices, key);

	if (value)
		return value;
	bpf_map_update_elem(&block_devices, key, &empty, UPDATE_NOEXIST);
	value = bpf_map_lookup_elem(&block_devices, key);
	if (!value)
		lost_device();
	return value;
}

INLINE void count(u32 *histogram, u64 value)
{
	u64 bucket = histogram_bucket(value);

	if (bucket < HISTOGRAM_BUCKETS)
		__sync_fetch_and_add(&histogram[bucket], 1);
}

INLINE int key_of(struct request *request, struct block_key *key)
{
	struct gendisk *disk = request_disk(request);
	u32 operation = request->cmd_flags & 0xff;

	if (!disk)
		return 0;
	key->device = (u32)disk->major << 20 | (u32)disk->first_minor;
	key->operation = operation < BLOCK_OTHER ? operation : BLOCK_OTHER;
	return 1;
}

INLINE int issue(struct request *request)
{
	u64 id = (u64)request;
	struct block_start start = { .at_ns = bpf_ktime_get_boot_ns() };

	/* A request issued anew keeps its first issue. */
	if (bpf_map_lookup_elem(&block_starts, &id) || !key_of(request, &start.key))
		return 0;
	start.bytes = request->__data_len;
	if (bpf_map_update_elem(&block_starts, &id, &start, UPDATE_NOEXIST)) {
		lost_start();
		return 0;
	}
	struct block_value *value = device(&start.key);
	if (!value)
		return 0;
	/* Not the result of the addition: there is none before 5ca419f2864a (5.12). */
	__sync_fetch_and_add(&value->issued, 1);
	u64 depth = value->issued + value->no_start - value->completed;
	if (depth > value->depth_max && depth < 1 << 20)
		value->depth_max = depth;
	u64 queued = request->start_time_ns;
	u64 now = bpf_ktime_get_mono_ns();
	if (queued && now >= queued) {
		__sync_fetch_and_add(&value->queued_ns, now - queued);
		count(value->queued, now - queued);
	}
	return 0;
}

SEC("tp_btf/block_rq_issue")
int handle_issue(u64 *ctx)
{
	return issue((void *)ctx[0]);
}

/* Before a54895fa057c (5.11) the queue was the first argument. */
SEC("tp_btf/block_rq_issue")
int handle_issue_of_queue(u64 *ctx)
{
	return issue((void *)ctx[1]);
}

SEC("tp_btf/block_rq_complete")
int handle_complete(u64 *ctx)
{
	struct request *request = (void *)ctx[0];
	u64 id = (u64)request;
	struct block_start *start;
	struct block_value *value;
	struct block_key key = {};

	/* A part of a request is done: the rest is still in flight. */
	if ((u32)ctx[2] < request->__data_len)
		return 0;
	start = bpf_map_lookup_elem(&block_starts, &id);
	if (start)
		key = start->key;
	else if (!key_of(request, &key))
		return 0;
	value = device(&key);
	if (value) {
		__sync_fetch_and_add(&value->completed, 1);
		if ((u32)ctx[1])
			__sync_fetch_and_add(&value->errors, 1);
		if (start) {
			u64 latency = bpf_ktime_get_boot_ns() - start->at_ns;

			__sync_fetch_and_add(&value->latency_ns, latency);
			__sync_fetch_and_add(&value->bytes, start->bytes);
			count(value->latency, latency);
			count(value->sizes, start->bytes);
		} else {
			__sync_fetch_and_add(&value->no_start, 1);
		}
	}
	if (start)
		bpf_map_delete_elem(&block_starts, &id);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

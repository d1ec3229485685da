/* SPDX-License-Identifier: GPL-2.0 */
/* What every tracer needs of the BPF virtual machine: types, sections, maps and helpers. Helper
 * numbers are the kernel's stable interface (include/uapi/linux/bpf.h). */
#ifndef KS_BPF_H
#define KS_BPF_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

/* Map definitions in BTF: numbers are the lengths of arrays that never exist. */
#define MAP_NUMBER(name, value) int(*name)[value]
#define MAP_TYPE(name, type) type *name

enum map_type {
	MAP_HASH = 1,
	MAP_ARRAY = 2,
	MAP_PERCPU_ARRAY = 6,
	MAP_LRU_HASH = 9,
	MAP_RINGBUF = 27,
};

enum update_flag {
	UPDATE_ANY = 0,
	UPDATE_NOEXIST = 1,
};

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const bpf_map_update_elem)(void *map, const void *key, const void *value,
					 u64 flags) = (void *)2;
static long (*const bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static u64 (*const bpf_get_current_pid_tgid)(void) = (void *)14;
static long (*const bpf_get_current_comm)(void *into, u32 bytes) = (void *)16;
static void *(*const bpf_get_current_task)(void) = (void *)35;
static long (*const bpf_probe_read_kernel)(void *into, u32 bytes, const void *from) = (void *)113;
static long (*const bpf_probe_read_kernel_str)(void *into, u32 bytes,
					       const void *from) = (void *)115;
static u64 (*const bpf_ktime_get_mono_ns)(void) = (void *)5;
static u64 (*const bpf_ktime_get_boot_ns)(void) = (void *)125;
static long (*const bpf_seq_write)(void *seq, const void *data, u32 bytes) = (void *)127;
static void *(*const bpf_ringbuf_reserve)(void *ring, u64 bytes, u64 flags) = (void *)131;
static void (*const bpf_ringbuf_submit)(void *record, u64 flags) = (void *)132;

/* Whether the running kernel has a field: answered when the object is loaded. */
#define FIELD_EXISTS(field) __builtin_preserve_field_info(field, 2)

/* Where a field of bits is: the word that holds it, and the shifts that leave it alone of 64 bits.
 * On a big-endian machine the first shift would be another. */
#define FIELD_BYTES_AT(field) __builtin_preserve_field_info(field, 0)
#define FIELD_BYTES(field) __builtin_preserve_field_info(field, 1)
#define FIELD_SHIFT_LEFT(field) __builtin_preserve_field_info(field, 4)
#define FIELD_SHIFT_RIGHT(field) __builtin_preserve_field_info(field, 5)

/* Reads one field through a pointer that the verifier does not know the type of. */
#define READ(into, pointer, field) \
	bpf_probe_read_kernel(&(into), sizeof(into), &(pointer)->field)

/* Keeps a value in one register, so that the comparison after it bounds what becomes an index. The
 * compiler may else compare a shortened copy, whose bound verifiers of 5.10 and 6.1 do not carry
 * over to the value itself. */
#define ONE_REGISTER(value) asm volatile("" : "+r"(value))

/* The only entry of a per-CPU array: what this CPU counts. */
#define THIS_CPU(map)                                    \
	({                                               \
		u32 zero = 0;                            \
		bpf_map_lookup_elem(&(map), &zero);      \
	})

#endif

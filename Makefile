# The commands of a developer. `.ci/run` calls the same ones.

CARGO ?= cargo
# Where cargo builds: it reads this variable too.
TARGET := $(or $(CARGO_TARGET_DIR),target)
KS := $(TARGET)/release/ks
DEMO := $(TARGET)/demo/demo.parquet

.DEFAULT_GOAL := help
PROVOKED ?= $(TARGET)/provoked
FAULTS := cpu_overload memory_pressure out_of_memory swap_thrashing disk_saturation \
	syscall_storm fault_storm listen_overflow port_exhaustion packet_loss
INTENSITIES := half:0.5 one:1 double:2
# Those recorded for so long after the fault that what it raised clears and its incidents close.
CLEARED := cpu_overload memory_pressure disk_saturation syscall_storm

.PHONY: help setup build demo test test-scenarios eval test-long test-mutants test-grid fuzz test-host placebo end-to-end test-kernels test-cases test-mcp provoked bench lint bless checksums bpf bpf-check

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## check for cargo and a C compiler, and fetch the dependencies
	@command -v $(firstword $(CARGO)) >/dev/null || { \
		echo 'setup: no cargo: install Rust from https://rustup.rs, then open a new shell' >&2; \
		exit 1; }
	@command -v cc >/dev/null || { \
		echo 'setup: no C compiler (cc), which builds zstd:' >&2; \
		echo '  Debian, Ubuntu: apt-get install gcc libc6-dev' >&2; \
		echo '  Fedora, RHEL:   dnf install gcc' >&2; \
		echo '  Alpine:         apk add gcc musl-dev' >&2; \
		exit 1; }
	$(CARGO) fetch --locked

build: ## build the release binary
	$(CARGO) build --release --locked

demo: setup build ## record this host for 10 s and replay the recording
	mkdir -p '$(dir $(DEMO))'
	'$(KS)' record -o '$(DEMO)' --force --duration 10s
	'$(KS)' replay '$(DEMO)'

# Hermetic: reads no host, needs no root and no network once the dependencies are fetched.
test: ## run the tests that need nothing of this host
	env -u KS_HOST_TESTS $(CARGO) test --workspace --locked

test-scenarios: build ## run `ks test` over the library of scenarios
	'$(KS)' test

# Not part of CI: days of hosts that are busy by design, and wide ones.
test-long: build placebo ## run `ks test` over scenarios of a day, see that the agent leaves hosts alone, and `placebo`
	'$(KS)' test scenarios/long/*.toml
	KS_LEFT_ALONE_SEEDS=20 $(CARGO) test --release --locked --test left_alone -- --nocapture

# Thirteen ways of breaking the engine, each of which must fail a case, and the engine as it is, which
# must not. A build of its own, without optimisation: no product has the feature.
test-mutants: ## check that `ks test` notices an engine that is broken
	$(CARGO) run --locked --quiet --features mutants -- test --mutants

# Not part of CI: each scenario of the library three times.
eval: build ## grade the agent over the library, and write docs/evaluation.md (some minutes)
	'$(KS)' eval --report docs/evaluation.md

# Not part of CI: some thousand runs. Seeds are partly drawn from the commit.
test-grid: build ## measure detection over hosts and intensities (half an hour)
	'$(KS)' test --grid "$$(git rev-parse HEAD)" --seeds 21 --report docs/grid.md || test $$? -eq 1

# Not part of CI: ordinary tests run the same search for a few thousand inputs. It prints the input
# that breaks a bound.
FUZZ_INPUTS ?= 30000000

fuzz: ## search for replies of a reasoner that break a bound (some minutes)
	seed=$${KS_FUZZ_SEED:-$$(date +%s)}; echo "KS_FUZZ_SEED=$$seed"; \
	KS_FUZZ_SEED=$$seed KS_FUZZ_INPUTS=$(FUZZ_INPUTS) $(CARGO) test --release --locked \
		-p ks-agent --lib fuzz -- --nocapture

test-host: ## run the tests that record this host
	KS_HOST_TESTS=1 $(CARGO) test --locked --release --test host -- --test-threads=1 --nocapture

# The same set-up is shortened in `test-host`. A quiet host: other work there counts as harm.
placebo: ## see how often an action that changes nothing is called a success (an hour)
	KS_HOST_TESTS=1 KS_PLACEBO_REPETITIONS=20 $(CARGO) test --locked --release --test host \
		-- placebo --test-threads=1 --nocapture

end-to-end: ## find a real fault, act on it and tell what came of it, in every form (half an hour)
	KS_HOST_TESTS=1 KS_END_TO_END=whole $(CARGO) test --locked --release --test host \
		-- acting::fault::whole --test-threads=1 --nocapture

# Not part of CI: it downloads kernels, and boots each in qemu. What it cannot have, it skips. The
# test of acting is a program that cargo names by what it is built of: its last message tells it.
test-kernels: build ## boot other kernels in qemu and check that the tracers count, and acting
	@actor=$$($(CARGO) test --locked --release --package ks-actor --test guest --no-run \
		--message-format json | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1); \
		tests/kernels/run '$(KS)' --actor "$$actor"

# Not part of CI: the folder of cases is not part of the repository. Each case prints PASS or FAIL
# last; those that need loop devices run as root, one by one.
CASES ?= ../shared/cases/cases
LOOP_CASES := 15 16 25

test-cases: ## run the cases of the folder beside the checkout, where it is there
	@if [ ! -x '$(CASES)/run-all.sh' ]; then \
		echo 'skipped: $(CASES) is not there (CASES=FOLDER names another one)'; \
	else \
		$(MAKE) --no-print-directory build && tests/cases/run '$(CASES)' '$(KS)' $(LOOP_CASES); \
	fi

# Not part of CI: it fetches the official SDKs, whose clients then talk to `ks mcp`.
MCP_SDKS := $(TARGET)/mcp-sdks

test-mcp: ## have clients of the official SDKs talk to `ks mcp` (needs python3, node and npm)
	test -x '$(MCP_SDKS)/python/bin/python' || python3 -m venv '$(MCP_SDKS)/python'
	'$(MCP_SDKS)/python/bin/pip' install --quiet mcp==2.3.0
	npm install --silent --no-audit --no-fund --prefix '$(MCP_SDKS)/node' \
		@modelcontextprotocol/sdk@1.32.2 @modelcontextprotocol/client@2.4.0
	KS_MCP_PYTHON='$(abspath $(MCP_SDKS))/python/bin/python' \
	KS_MCP_NODE_MODULES='$(abspath $(MCP_SDKS))/node/node_modules' \
		$(CARGO) test --locked --test mcp -- sdk --nocapture

# Real faults, one after the other, with what was wrong beside each. Names but our own are redacted.
# After `make build`, and with nothing else running.
provoked: ## record every fault on this machine as root (about 50 minutes)
	mkdir -p '$(PROVOKED)'
	set -e; one() { \
		name='$(PROVOKED)'/$$1_$$2; \
		'$(KS)' provoke $$1 -o $$name.raw.parquet --force --intensity $$3 \
			--baseline 15s --cool-down $$4 \
			--lasts $$([ $$1 = port_exhaustion ] && echo 60s || echo 30s); \
		'$(KS)' capture --from $$name.raw.parquet --around +40s --after 10m --force -o $$name.parquet \
			--redact --keep 'ks*,kworker*,kcompactd*,khugepaged*,swapper*,rcu*'; \
		sed "s/$$1_$$2.raw.parquet/$$1_$$2.parquet/" $$name.raw.toml > $$name.toml; \
		rm $$name.raw.parquet $$name.raw.toml; \
	}; \
	one quiet one 1 12s; \
	for fault in $(FAULTS); do \
		for intensity in $(INTENSITIES); do \
			one $$fault $${intensity%:*} $${intensity#*:} 12s; \
		done; \
	done; \
	for fault in $(CLEARED); do one $$fault cleared 1 165s; done

bench: ## run the benches
	$(CARGO) bench --locked

lint: ## check the formatting and run clippy, warnings denied
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

bless: ## run the tests and accept every snapshot as it is; read the diff afterwards
	env -u KS_HOST_TESTS INSTA_UPDATE=always $(CARGO) test --workspace --locked
	KS_BLESS_JOURNALS=1 $(CARGO) test --locked --test tidy judgement
	$(MAKE) --no-print-directory checksums

checksums: ## write fixtures/SHA256SUMS anew
	cd fixtures && find . -type f ! -name README.md ! -name SHA256SUMS -printf '%P\0' \
		| LC_ALL=C sort -z | xargs -0 -r sha256sum -- > SHA256SUMS

# The tracers. Objects are committed: a build needs no BPF compiler, and CI builds them again and
# compares. The version is fixed, since another compiler gives other bytes.
CLANG_BPF ?= clang-14
STRIP_BPF ?= llvm-strip-14
OBJECTS ?= ebpf/objects

bpf: ## build the tracers' objects anew (clang-14, llvm-14)
	mkdir -p '$(OBJECTS)'
	set -e; out=$$(cd '$(OBJECTS)' && pwd); cd ebpf/src; for source in *.bpf.c; do \
		object="$$out/$${source%.c}.o"; \
		$(CLANG_BPF) -g -O2 -Wall -Wextra -Wno-unused-parameter -Werror -target bpf \
			-fdebug-prefix-map="$$PWD"=. -c "$$source" -o "$$object"; \
		$(STRIP_BPF) -g "$$object"; \
	done

bpf-check: ## compare the committed objects with what their sources give
	$(MAKE) --no-print-directory bpf OBJECTS='$(TARGET)/bpf'
	set -e; for object in '$(TARGET)'/bpf/*.bpf.o; do \
		cmp "$$object" "ebpf/objects/$${object##*/}"; done

# What people type. Everything else is `cargo xtask`.
SHELL := /bin/sh
CARGO ?= cargo
# How long `make fuzz` gives each target, in seconds.
SECONDS_EACH ?= 30
# Arguments for the benchmark, such as BENCH="--quick --peers nginx,weir".
BENCH ?=

.PHONY: help run test bench fuzz toolchain
.DEFAULT_GOAL := help

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

run: toolchain ## Build, and serve the examples with a sample backend
	$(CARGO) build --locked --profile quick --package app
	@mkdir -p weir-home/repository/conf
	@test -f weir-home/repository/conf/deployment.toml || \
	  printf '[weir.gateway]\nsample_backend = true\n' > weir-home/repository/conf/deployment.toml
	@echo ''
	@echo 'Try, in another terminal:'
	@echo '  curl http://localhost:8280/pizzashack/1.0.0/menu'
	@echo '  curl -k https://localhost:8243/pizzashack/1.0.0/menu'
	@echo '  curl http://localhost:9290/endpoints'
	@echo '  curl http://localhost:9290/metrics'
	@echo 'Ctrl-C ends it. Its home is ./weir-home; the examples are described in examples/README.md.'
	@echo ''
	exec target/quick/weir serve --home weir-home --apis examples

test: toolchain ## Run everything that CI runs
	$(CARGO) xtask setup
	$(CARGO) xtask ci

bench: toolchain ## Measure beside the peers that are installed; tables go to bench-out/
	$(CARGO) xtask setup --bench
	$(CARGO) xtask bench $(BENCH)

fuzz: toolchain ## Give each fuzz target SECONDS_EACH seconds (30)
	@if ! $(CARGO) fuzz --version >/dev/null 2>&1; then \
	  echo 'missing: cargo-fuzz; install it with: cargo install cargo-fuzz --locked'; exit 1; fi
	@set -e; for target in $$(ls fuzz/fuzz_targets | sed 's/\.rs$$//'); do \
	  echo "==> $$target"; \
	  RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run $$target -- -max_total_time=$(SECONDS_EACH); done

# A Rust toolchain and a C compiler: the one has to be there, the other is installed as root.
toolchain:
	@command -v $(CARGO) >/dev/null || { \
	  echo 'missing: a Rust toolchain; see https://rustup.rs (rust-toolchain.toml names the version)'; exit 1; }
	@command -v cc >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    export DEBIAN_FRONTEND=noninteractive; \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends build-essential; \
	  else \
	    echo 'missing: a C compiler; on Debian: apt-get install build-essential'; exit 1; fi; }

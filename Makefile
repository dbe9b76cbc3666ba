# What a developer types. `make` alone lists it; everything that is missing is installed on the way (Debian 12).
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# One thing at a time: cargo uses all cores by itself, and its lines last are the summary.
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

# The lean program and the window are built by separate invocations of cargo. In one, cargo would unify the features of
# what they share, and could bring GTK into the lean program.
LEAN_CRATES := daypass-core daypass-providers daypass-authority daypass-api daypass-agent daypass-words daypass-tray daypass \
	daypass-package
LEAN := $(addprefix -p ,$(LEAN_CRATES))
WINDOW := -p daypass-window

# Suites of `daypass` that need more than cargo: they run last, by name.
OUTER_SUITES := interop desktop soak

TOOLS := target/tools
# A stamp stands inside what it stands for, so that the two go together.
INTEROP := target/interop
PEERS := target/peers
# The fuzzers' own workspace is built by a nightly compiler, and only by `make fuzz`.
FUZZERS := $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))
FUZZ := target/fuzz
# For each fuzzer.
FUZZ_SECONDS ?= 60
NODE_MODULES := ui/node_modules/.stamp
TYPES := ui/src/types/.stamp
NPM := npm --prefix ui
export PATH := $(CURDIR)/$(TOOLS)/bin:$(PATH)

# To compile: the window's web view, the C compiler for SQLite.
BUILD_PACKAGES := build-essential curl pkg-config libwebkit2gtk-4.1-dev libayatana-appindicator3-dev librsvg2-dev \
	libxdo-dev libssl-dev
# A real desktop for the tests, on a machine without one.
DESKTOP_PACKAGES := webkit2gtk-driver xvfb xauth dbus-x11 gnome-keyring libsecret-tools dunst xfce4-panel xclip xdotool \
	libnotify-bin imagemagick at-spi2-core procps openbox x11-xkb-utils
# A real server for the authority's tests, who start one of their own, and the balancer of its deployment.
DATABASE_PACKAGES := postgresql haproxy
INTEROP_PACKAGES := python3-venv
BENCH_PACKAGES := wrk libsecret-tools
# To make a Debian package, and to look at one from all sides.
PACKAGE_PACKAGES := dpkg-dev
WINDOWS_PACKAGES := gcc-mingw-w64-x86-64 g++-mingw-w64-x86-64
PACKAGE_TEST_PACKAGES := $(PACKAGE_PACKAGES) lintian debootstrap appstream desktop-file-utils man-db bash zsh fish

.PHONY: help
help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

# ---- use it

.PHONY: run
run: build-debug ## Build, and start the tray app in demo mode (in the terminal where there is no display)
	target/debug/daypass tray --demo

.PHONY: build
build: page ## Build the release programs target/release/daypass and target/release/daypass-window
	cargo build --release -p daypass
	cargo build --release $(WINDOW)

.PHONY: build-debug
build-debug: page
	cargo build -p daypass
	cargo build $(WINDOW)

.PHONY: package
package: setup-package build ## Build the Debian package target/package/daypass_<version>_<arch>.deb
	src-tauri/package/build-deb.sh target/release target/package

# The same package of the debug programs: the optimiser takes minutes, and changes no file's place.
.PHONY: package-debug
package-debug: setup-package build-debug
	DAYPASS_DEB_LEVEL=0 src-tauri/package/build-deb.sh target/debug target/package/debug

# ---- prove it

.PHONY: test
test: test-lean test-page test-window test-soak test-interop test-desktop test-package-debug ## Run every test there is, the real-desktop ones included

# The agent's tests meet a real keyring, the authority's a real database.
.PHONY: test-lean
test-lean: setup-desktop setup-database ## Run the tests of the lean crates
	cargo test $(LEAN)
	@# By itself: the doors for fuzzers are open in no other test. It runs every input of fuzz/corpus/.
	cargo test -p daypass-fuzz-targets

.PHONY: test-page
test-page: $(NODE_MODULES) types ## Run the page's tests
	$(NPM) run test

.PHONY: test-window
test-window: page ## Run the window's tests
	cargo test $(WINDOW)

.PHONY: test-soak
test-soak: setup-build ## Read with fifty processes while the agent is killed at random, for about a minute
	cargo test -p daypass --test soak -- --nocapture

.PHONY: soak
soak: setup-build ## The same until 10 000 rotations have happened (or DAYPASS_SOAK_ROTATIONS)
	DAYPASS_SOAK_ROTATIONS=$${DAYPASS_SOAK_ROTATIONS:-10000} cargo test -p daypass --test soak -- --nocapture

.PHONY: test-interop
test-interop: setup-build setup-interop ## Run the tests against real peers: PocketPaw's server, Sitecore's client, schemathesis, OAuth libraries
	cargo test -p daypass --test interop

.PHONY: test-desktop
test-desktop: setup-desktop build-debug ## Run the tests on a real desktop
	cargo test -p daypass-test-support
	cargo test -p daypass --test desktop

.PHONY: test-package test-package-debug
test-package: setup-test-package package ## Install the package on a clean machine (in a chroot), use it there, and remove it again
	tests/package/run target/package

test-package-debug: setup-test-package package-debug
	tests/package/run target/package/debug

.PHONY: fuzz
fuzz: setup-build setup-fuzz ## Look for inputs that break a reader: FUZZ_SECONDS=60 for each fuzzer
	@# What a fuzzer keeps is under target/; what breaks a reader, in target/fuzz/found/, belongs into fuzz/corpus/ when it is mended.
	@# Without a sanitizer: the house has no unsafe code that a sanitizer could watch, and is twice as fast without one.
	cargo +nightly fuzz build --sanitizer none --target-dir $(FUZZ)
	for fuzzer in $(FUZZERS); do \
		mkdir -p $(FUZZ)/corpus/$$fuzzer $(FUZZ)/found/$$fuzzer; \
		cargo +nightly fuzz run --sanitizer none --target-dir $(FUZZ) $$fuzzer $(FUZZ)/corpus/$$fuzzer fuzz/corpus/$$fuzzer -- \
			-artifact_prefix=$(FUZZ)/found/$$fuzzer/ -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 \
			-print_final_stats=1; \
	done

# SEED tells one world's story event by event; SEEDS says how many worlds to run, from FIRST on.
.PHONY: simulate
simulate: setup-build ## Run many simulated worlds (SEEDS=1000000), or tell the story of one (SEED=1234)
	DAYPASS_SEED=$(SEED) DAYPASS_SEEDS=$(or $(SEEDS),1000000) DAYPASS_FIRST_SEED=$(FIRST) \
		cargo test -p daypass-agent --test simulation the_laws_hold -- --nocapture

.PHONY: shots
shots: setup-desktop build-debug ## Take pictures of the real window, menu and notification into target/shots
	DAYPASS_SHOTS=$(CURDIR)/target/shots cargo test -p daypass --test desktop shots

.PHONY: bench
bench: setup-desktop setup-bench build ## Measure speed and memory beside bare programs; keep target/bench.json
	tests/bench/run

.PHONY: lint
lint: page $(TOOLS)/bin/cargo-deny ## Check style, lints, links of the documentation, house rules, licences
	cargo fmt --all -- --check
	rustfmt --edition 2024 --check fuzz/fuzz_targets/*.rs
	cargo clippy $(LEAN) -p daypass-test-support -p daypass-bench --all-targets $(addprefix --test ,$(OUTER_SUITES)) -- -D warnings
	cargo clippy -p daypass-fuzz-targets --all-targets -- -D warnings
	cargo clippy $(WINDOW) --all-targets -- -D warnings
	cargo clippy -p bare-tauri --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps $(LEAN)
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps $(WINDOW)
	$(NPM) run check
	cargo deny --workspace --all-features check bans licenses sources
	cargo test -p daypass-core --test core tidy

# The other systems, from Debian. No test is run by these: `tests/package/smoke` uses a program on the system that it is for.
.PHONY: check-windows check-macos
check-windows: page ## Compile and link both programs for Windows (x86_64, by MinGW)
	@.ci/install-packages.sh $(WINDOWS_PACKAGES)
	rustup target add x86_64-pc-windows-gnu
	cargo build -p daypass --target x86_64-pc-windows-gnu
	cargo build $(WINDOW) --target x86_64-pc-windows-gnu

check-macos: page ## Check that both programs compile for macOS (aarch64); nothing is linked
	rustup target add aarch64-apple-darwin
	@# Nothing is made of C: there is no compiler for it here, and a check does not look.
	CC_aarch64_apple_darwin=true AR_aarch64_apple_darwin=true cargo check -p daypass --target aarch64-apple-darwin
	CC_aarch64_apple_darwin=true AR_aarch64_apple_darwin=true cargo check $(WINDOW) --target aarch64-apple-darwin

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

# ---- what the above stand on

# The page's types come from the API's own types: `ts-rs` writes them as tests of that crate (see .cargo/config.toml).
.PHONY: types
types: $(TYPES)
$(TYPES): $(wildcard src-tauri/api/src/*.rs) src-tauri/api/Cargo.toml | setup-build
	cargo test --quiet -p daypass-api --lib export_bindings
	@mkdir -p $(@D) && touch $@

# The built page becomes part of the window, so it comes first.
.PHONY: page
page: ui/dist/index.html
PAGE_SOURCES := $(shell find src-tauri/words/messages ui -path ui/node_modules -prune -o -path ui/dist -prune -o -path ui/src/types -prune -o -path ui/docs -prune -o -type f -print)
ui/dist/index.html: $(PAGE_SOURCES) $(NODE_MODULES) $(TYPES)
	$(NPM) run build
	@touch $@

$(NODE_MODULES): ui/package-lock.json
	.ci/check-node.sh
	$(NPM) ci --no-audit --no-fund
	@touch $@

.PHONY: setup-build setup-desktop setup-package setup-test-package setup-bench setup-interop setup-fuzz setup-database
setup-build: ## Install what compiling needs
	@.ci/install-packages.sh $(BUILD_PACKAGES)

setup-desktop: setup-build ## Install a real desktop for the tests
	@.ci/install-packages.sh $(DESKTOP_PACKAGES)

setup-database: setup-build ## Install a database server and a balancer for the tests
	@.ci/install-packages.sh $(DATABASE_PACKAGES)

setup-package: setup-build ## Install what making a package needs
	@.ci/install-packages.sh $(PACKAGE_PACKAGES)

setup-test-package: setup-package ## Install what testing a package needs
	@.ci/install-packages.sh $(PACKAGE_TEST_PACKAGES)

setup-bench: setup-build $(PEERS)/.stamp ## Install what the benchmark compares with
	@.ci/install-packages.sh $(BENCH_PACKAGES)

$(PEERS)/.stamp: $(wildcard tests/bench/peers/*)
	mkdir -p $(PEERS)
	cp tests/bench/peers/* $(PEERS)/
	npm --prefix $(PEERS) ci --no-audit --no-fund --ignore-scripts
	@touch $@

setup-interop: $(foreach peer,pocketpaw sitecore foreign oauth,$(INTEROP)/$(peer)/.stamp) ## Install the real peers under target/interop

$(INTEROP)/pocketpaw/.stamp: tests/interop/pocketpaw-requirements.txt
	@.ci/install-packages.sh $(INTEROP_PACKAGES)
	python3 -m venv --clear $(INTEROP)/pocketpaw
	$(INTEROP)/pocketpaw/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(INTEROP)/sitecore/.stamp: tests/interop/sitecore/package-lock.json tests/interop/sitecore/mint.cjs
	mkdir -p $(INTEROP)/sitecore
	cp tests/interop/sitecore/* $(INTEROP)/sitecore/
	npm --prefix $(INTEROP)/sitecore ci --no-audit --no-fund --ignore-scripts
	@touch $@

$(INTEROP)/foreign/.stamp: tests/interop/foreign/requirements.txt
	@.ci/install-packages.sh $(INTEROP_PACKAGES)
	python3 -m venv --clear $(INTEROP)/foreign
	$(INTEROP)/foreign/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(INTEROP)/oauth/.stamp: $(wildcard tests/interop/oauth/*)
	mkdir -p $(INTEROP)/oauth
	cp tests/interop/oauth/* $(INTEROP)/oauth/
	npm --prefix $(INTEROP)/oauth ci --no-audit --no-fund --ignore-scripts
	@touch $@

setup-fuzz: $(TOOLS)/bin/cargo-fuzz ## Install the fuzzers' compiler and tool
	rustup toolchain list | grep -q '^nightly' || rustup toolchain install nightly --profile minimal

# Of a fixed version, built once, under target/ so that it touches nothing of the user's.
$(TOOLS)/bin/cargo-deny: | setup-build
	cargo install cargo-deny --version 0.20.2 --locked --root $(TOOLS)

$(TOOLS)/bin/cargo-fuzz: | setup-build
	cargo install cargo-fuzz --version 0.13.2 --locked --root $(TOOLS)

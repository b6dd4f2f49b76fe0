# SPDX-License-Identifier: MIT
# meson and ninja do the work; this file only knows the names of the chores.
#
#   make            builds into build/
#   make demo       installs what is missing, builds, shows the main job
#   make test       installs what is missing, builds with both compilers and the sanitizers, runs everything
#   make soak       half an hour of load: killed mappers, servers and clients, hostile clients; SOAK_SECONDS=600 for each
#                   sanitizer's mixed load, SOAK_ROUNDS=50 for the mapper's deaths
#   make format format-check lint fuzz bench coverage install clean
#
# JOBS=2 limits parallel compilation, FUZZ_SECONDS=600 sets `make fuzz`, PREFIX, LIBDIR and DESTDIR `make install`.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 300
PREFIX ?= /usr/local
# meson asks dpkg-dev for Debian's folder and without it takes lib64, where Debian's loader does not look
LIBDIR ?= lib
SOURCES = $(shell git ls-files 'src/*.[ch]' 'include/*.h' 'tests/*.[ch]' 'fuzz/*.[ch]' 'bench/*.[ch]' 'examples/*.[ch]' 2>/dev/null)

.PHONY: all build-packages demo test soak format format-check lint fuzz bench coverage install clean

all: build/build.ninja
	ninja -C build -j$(JOBS)

build/build.ninja:
	meson setup build --prefix=$(PREFIX) --libdir=$(LIBDIR)

build-release/build.ninja:
	meson setup build-release --prefix=$(PREFIX) --libdir=$(LIBDIR) --buildtype=release -Db_lto=true -Dtests=false

build-packages:
	@tools/install-packages build

demo: build-packages
	@$(MAKE) --no-print-directory all
	tools/demo build

test:
	@tools/install-packages
	JOBS=$(JOBS) tools/test-all

soak:
	@tools/install-packages
	JOBS=$(JOBS) tools/soak

format:
	clang-format -i $(SOURCES)

format-check:
	clang-format --dry-run -Werror $(SOURCES)

lint:
	@tools/install-packages
	JOBS=$(JOBS) tools/lint

fuzz:
	@tools/install-packages
	JOBS=$(JOBS) tools/fuzz-all build-fuzz $(FUZZ_SECONDS)

bench: build-release/build.ninja
	@tools/install-packages
	meson configure build-release -Dbench=true
	ninja -C build-release -j$(JOBS)
	build-release/bench/server
	build-release/bench/client
	tests/peers/run bench/rivals/run.py $(CURDIR)/build-release
	build-release/bench/ndr
	build-release/bench/map
	GLIBC_TUNABLES=glibc.malloc.hugetlb=1 taskset -c 0 tests/peers/run bench/mapper_samba.py $(CURDIR)/build-release

coverage:
	@tools/install-packages
	JOBS=$(JOBS) tools/coverage

install: build-packages build-release/build.ninja
	meson configure build-release --prefix=$(PREFIX) --libdir=$(LIBDIR)
	ninja -C build-release -j$(JOBS)
	DESTDIR=$(DESTDIR) meson install -C build-release --no-rebuild
	[ -n "$(DESTDIR)" ] || [ "$$(id -u)" -ne 0 ] || ldconfig

clean:
	rm -rf build build-*

/* SPDX-License-Identifier: MIT */
/*
 * A port policy in a registry hive. Input: a hive as it is (first byte 0), or changes to a good one: offset (2 bytes,
 * low first) and new value of one byte each.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hivex.h>

#include "ports/hive.h"
#include "ports/hive_made.h"
#include "ports_check.h"

#define GOOD_MAX (4 * HIVE_MADE_SIZE)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static uint8_t good[GOOD_MAX];
static size_t good_len;

static int
file_make(const uint8_t *bytes, size_t len, char path[40])
{
	int fd = memfd_create("hive", MFD_CLOEXEC);

	assert(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	snprintf(path, 40, "/proc/self/fd/%d", fd);
	return fd;
}

static hive_node_h
key_make(hive_h *h, hive_node_h node, const char *name)
{
	node = hivex_node_add_child(h, node, name);
	assert(node);
	return node;
}

static void
value_add(hive_h *h, hive_node_h node, const char *name, hive_type type, const char *bytes,
	size_t len)
{
	char key[40], value[40];
	hive_set_value v = {key, type, len, value};

	snprintf(key, sizeof(key), "%s", name);
	memcpy(value, bytes, len);
	assert(!hivex_node_set_value(h, node, &v, 0));
}

/* Both hives in one: listed ports, an interface to bind to, a fixed port. */
static void
good_make(void)
{
	char path[40];
	hive_node_h node, services;
	int fd;
	hive_h *h;

	hive_made(good);
	fd = file_make(good, HIVE_MADE_SIZE, path);
	h = hivex_open(path, HIVEX_OPEN_WRITE);
	assert(h);
	node = key_make(h, key_make(h, key_make(h, hivex_root(h), "Microsoft"), "Rpc"), "Internet");
	value_add(h, node, "Ports", hive_t_REG_MULTI_SZ, "5\0-\0009\0\0\0\0\0", 10);
	value_add(h, node, "PortsInternetAvailable", hive_t_REG_SZ, "Y\0\0", 4);
	value_add(h, node, "UseInternetPorts", hive_t_REG_SZ, "N\0\0", 4);
	value_add(
		h, key_make(h, hivex_root(h), "Select"), "Current", hive_t_REG_DWORD, "\1\0\0", 4);
	services = key_make(h, key_make(h, hivex_root(h), "ControlSet001"), "Services");
	node = key_make(h, key_make(h, services, "Rpc"), "Linkage");
	value_add(h, node, "Bind", hive_t_REG_MULTI_SZ, "e\0\0\0\0", 6);
	node = key_make(h, key_make(h, services, "NTDS"), "Parameters");
	value_add(h, node, "TCP/IP Port", hive_t_REG_DWORD, "\7\0\0", 4);
	assert(!hivex_commit(h, path, 0));
	hivex_close(h);
	good_len = (size_t)pread(fd, good, sizeof(good), 0);
	assert(good_len > HIVE_MADE_SIZE / 2 && good_len <= sizeof(good));
	close(fd);
}

static void
hive_check(const uint8_t *bytes, size_t len)
{
	struct ports_config config;
	char path[40];
	int fd = file_make(bytes, len, path);

	ports_config_init(&config, "fuzz");
	ports_hive_read(&config, path);
	ports_check(&config, 0);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	uint8_t changed[GOOD_MAX];

	if (good_len == 0) {
		good_make();
		hive_check(good, good_len);
	}
	if (len > 0 && bytes[0] == 0) {
		hive_check(bytes + 1, len - 1);
		return 0;
	}
	memcpy(changed, good, good_len);
	for (size_t i = 1; i + 2 < len; i += 3)
		changed[(bytes[i] + 256u * bytes[i + 1]) % good_len] = bytes[i + 2];
	hive_check(changed, good_len);
	return 0;
}

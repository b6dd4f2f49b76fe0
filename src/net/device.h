/* SPDX-License-Identifier: MIT */
/* A network interface's addresses as they are now. No state; any thread. */
#ifndef NET_DEVICE_H
#define NET_DEVICE_H

#include "net/address.h"

/*
 * Numeric, IPv4 first; without IPv6's link-local ones, which nobody reaches by a name. device NULL: those of every device
 * that is up, each once; loopback's only when there are no others. Returns how many there are (0: also when there is no
 * such device); at most cap are filled in.
 */
size_t device_addresses(const char *device, char (*ret)[ADDRESS_TEXT], size_t cap);

#endif

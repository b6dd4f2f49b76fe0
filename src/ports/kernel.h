/* SPDX-License-Identifier: MIT */
/*
 * The kernel gives ports, too: to outgoing connections, out of ip_local_port_range, unless they are in
 * ip_local_reserved_ports. A dynamic endpoint's port can be gone for the time of such a connection.
 */
#ifndef PORTS_KERNEL_H
#define PORTS_KERNEL_H

#include <sallyport/error.h>

#include "ports/set.h"

#define PORTS_SYSCTL "net.ipv4.ip_local_reserved_ports"

struct ports_kernel {
	bool is_known; /* false: no such files */
	uint16_t first, last;
	struct port_set reserved;
};

/* `proc` is where procfs is. The network namespace is the caller's. */
void ports_kernel_read(const char *proc, struct ports_kernel *ret);
/* Those of the set that the kernel may give to others. */
void ports_kernel_overlap(
	const struct ports_kernel *, const struct port_set *, struct port_set *ret);
/* "net.ipv4.ip_local_reserved_ports = 5000-5100,8000": what is reserved already stays. From the heap; NULL: no memory. */
SP_NODISCARD char *ports_kernel_line(const struct ports_kernel *, const struct port_set *);
/*
 * Reserves them: now, in `proc`, and in the file `path` for the next start of the machine (NULL: only now).
 */
SP_NODISCARD sp_status ports_kernel_apply(const struct ports_kernel *, const struct port_set *,
	const char *proc, const char *path, struct sp_error *reterr);

#endif

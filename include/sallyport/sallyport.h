/* SPDX-License-Identifier: MIT */
/* Sallyport: Microsoft RPC for Linux. The one header that programs include. */
#ifndef SALLYPORT_SALLYPORT_H
#define SALLYPORT_SALLYPORT_H

#include <sallyport/binding.h>
#include <sallyport/client.h>
#include <sallyport/error.h>
#include <sallyport/security.h>
#include <sallyport/serialize.h>
#include <sallyport/server.h>
#include <sallyport/status.h>
#include <sallyport/types.h>

#endif
